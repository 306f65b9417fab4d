import type { ModelFault } from "./model-script.ts";
import type { ModelApi } from "./seen-request.ts";

/** An answer that isn't 200. */
export interface HttpRefusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Words {
  readonly status: number;
  /** What OpenAI calls it: type and code. */
  readonly openAi: readonly [string, string | null];
  readonly anthropic: string;
  readonly message: string;
}

const WORDS = {
  unauthorized: {
    status: 401,
    openAi: ["invalid_request_error", "invalid_api_key"],
    anthropic: "authentication_error",
    message: "Incorrect API key provided",
  },
  billing: {
    status: 402,
    openAi: ["insufficient_quota", "insufficient_quota"],
    anthropic: "billing_error",
    message: "Your credit balance is too low to access the API",
  },
  "rate-limit": {
    status: 429,
    openAi: ["requests", "rate_limit_exceeded"],
    anthropic: "rate_limit_error",
    message: "Rate limit reached",
  },
  "server-error": {
    status: 500,
    openAi: ["server_error", null],
    anthropic: "api_error",
    message: "The server had an error while processing your request",
  },
  overloaded: {
    status: 529,
    openAi: ["overloaded_error", null],
    anthropic: "overloaded_error",
    message: "Overloaded",
  },
  "context-length": {
    status: 400,
    openAi: ["invalid_request_error", "context_length_exceeded"],
    anthropic: "invalid_request_error",
    message: "prompt is too long: 250000 tokens > 200000 maximum",
  },
} as const satisfies Record<string, Words>;

/** A fault that is an answer of its own, in the service's words; `undefined` for faults of a stream. Pure. */
export function refusalFor(fault: ModelFault, api: ModelApi): HttpRefusal | undefined {
  if (fault.kind === "redirect") return { status: 307, headers: { location: fault.to }, body: "" };
  if (fault.kind === "status")
    return { status: fault.status, headers: { "content-type": "text/plain" }, body: fault.body };
  if (fault.kind === "wrong-content-type")
    return { status: 200, headers: { "content-type": "text/html" }, body: "<html><body>Sign in</body></html>" };
  if (!(fault.kind in WORDS)) return undefined;
  const words: Words = WORDS[fault.kind as keyof typeof WORDS];
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (fault.kind === "rate-limit") {
    if (fault.retryAfterS !== undefined) headers["retry-after"] = String(fault.retryAfterS);
    if (fault.retryAfterMs !== undefined) headers["retry-after-ms"] = String(fault.retryAfterMs);
  }
  return {
    status: words.status,
    headers,
    body: JSON.stringify(errorBody(api, words.openAi, words.anthropic, words.message)),
  };
}

/** An error as the service writes it. Pure. */
export function errorBody(
  api: ModelApi,
  [type, code]: readonly [string, string | null],
  anthropic: string,
  message: string,
): unknown {
  return api === "anthropic-messages"
    ? { type: "error", error: { type: anthropic, message }, request_id: "req_emulated" }
    : { error: { message, type, param: null, code } };
}
