import { BackendError, type BackendErrorKind } from "@saltgate/agent";
import type { ModelProvider } from "./models-options.ts";

/** What is known of a failure: what a provider answered, or what became of the connection. */
export interface Failure {
  readonly status?: number | undefined;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The provider's own names for it. */
  readonly type?: string | undefined;
  readonly code?: string | undefined;
  /** The provider's own words. May hold secrets. */
  readonly words?: string | undefined;
}

/** Longest time to wait that is believed, in milliseconds. */
const MAX_RETRY_AFTER_MS = 24 * 3_600_000;
/** How much of a provider's words is repeated. */
const MAX_WORDS = 300;

const TOO_LONG = new RegExp(
  [
    "context.?(length|window|size|limit)|maximum (context|(prompt|model|input) length)|(prompt|input) is too long",
    "too many (input )?tokens|reduce the length|exceed(s|ed)? (the )?(available|model)|exceeds max length",
    "exceeds the maximum number of tokens|token count.{0,40}exceed|range of input length|tokens`? \\+ `?max_new_tokens",
  ].join("|"),
  "i",
);
const NO_MONEY = /insufficient.?(quota|balance|credit|funds)|credit balance|billing|payment required|out of credits/i;
/** Gemini speaks of billing whenever a minute's share is used up. */
const USED_UP_FOR_NOW = /\bretry in \d|quota exceeded for metric/i;
const WRONG_KEY = /api.?key.{0,20}(not valid|invalid)|invalid api.?key/i;
const NOT_ALLOWED = /content.?(filter|policy|management)|safety|flagged/i;
const WAIT = /\b(?:retry|try again) in (?:(\d+)m)?(\d+(?:\.\d+)?)(ms|s)\b/i;
const NO_TOOLS = /not support (the )?(tool|function)|support tool use|tool.?choice.{0,20}requires/i;
const NO_IMAGES = /support image|not support (vision|multi-?modal)|not (a )?multi-?modal/i;

/** What kind of failure it is, by status and words: the words decide where providers share a status. Pure. */
export function kindOfFailure({ status, type = "", code = "", words = "" }: Failure): BackendErrorKind {
  const all = `${type} ${code} ${words}`;
  const isRefused = status === undefined || (status >= 400 && status < 500);
  const isPaced = USED_UP_FOR_NOW.test(words) && !/insufficient/i.test(`${type} ${code}`);
  if (status === 402 || (isRefused && !isPaced && NO_MONEY.test(all))) return "billing";
  if (status === 403 && NOT_ALLOWED.test(all)) return "refusal";
  if (status === 401 || status === 403 || type === "authentication_error" || type === "permission_error") return "auth";
  if (isRefused && WRONG_KEY.test(words)) return "auth";
  if (status === 429 || type === "rate_limit_error") return "rate_limit";
  if (status === 413 || (isRefused && TOO_LONG.test(all))) return "context_length";
  if (status === 408 || status === 504 || type === "timeout_error") return "timeout";
  if ((status !== undefined && status >= 500) || type === "overloaded_error" || type === "server_error")
    return "unavailable";
  // Ollama calls a request that it refuses an error of its own.
  if ((type === "api_error" && status === undefined) || status === 404 || status === 409) return "unavailable";
  if (isRefused && NOT_ALLOWED.test(`${type} ${code}`)) return "refusal";
  if (status === 400 || status === 422 || type === "invalid_request_error") return "format";
  // In the middle of a stream some servers say what went wrong, and nothing about its kind.
  return status === undefined && words !== "" ? "unavailable" : "unknown";
}

/** How long the provider asks to wait, in milliseconds: `retry-after-ms`, or `retry-after` in seconds or as a date. Pure. */
export function retryAfterOf(headers: Readonly<Record<string, string>> | undefined, nowMs: number): number | undefined {
  const precise = Number(headers?.["retry-after-ms"] ?? Number.NaN);
  const plain = headers?.["retry-after"];
  const seconds = plain !== undefined && /^\d+(\.\d+)?$/.test(plain.trim()) ? Number(plain) * 1_000 : Number.NaN;
  const date = plain === undefined ? Number.NaN : Date.parse(plain) - nowMs;
  const found = [precise, seconds, date].find((ms) => Number.isFinite(ms));
  return found === undefined || found < 0 ? undefined : Math.min(Math.ceil(found), MAX_RETRY_AFTER_MS);
}

/** How long the provider's words ask to wait, in milliseconds: some say it nowhere else. Pure. */
function waitInWords(words: string): number | undefined {
  const [, minutes = "0", amount, unit] = WAIT.exec(words.slice(0, 10_000)) ?? [];
  if (amount === undefined) return undefined;
  const ms = Number(minutes) * 60_000 + Number(amount) * (unit?.toLowerCase() === "ms" ? 1 : 1_000);
  return Math.min(Math.ceil(ms), MAX_RETRY_AFTER_MS);
}

/** What mends it, where status and words say more than the kind does. Pure. */
function adviceFor(kind: BackendErrorKind, { status, words = "" }: Failure, provider: string, model: string): string {
  const at = `models.providers.${provider}`;
  if (kind === "format" || status === 404) {
    if (NO_TOOLS.test(words))
      return `It takes no tools as it is served: choose another model, or give it none: tools.byProvider["${provider}/${model}"].deny: ["*"].`;
    if (NO_IMAGES.test(words))
      return `It takes no images: choose another model, or take "image" out of its input at ${at}.models.`;
  }
  if (status === 404) return `There is no such model or address: see ${at}.`;
  if (kind === "auth" && status === 403) return `It doesn't allow this with the key at ${at}.apiKey.`;
  return ADVICE[kind](at);
}

const ADVICE: Readonly<Record<BackendErrorKind, (at: string) => string>> = {
  auth: (at) => `It doesn't accept the key. Put a valid one at ${at}.apiKey.`,
  billing: () => "The account has no credit left. Top it up, or choose another model.",
  rate_limit: () => "Too many requests for now.",
  timeout: () => "It took too long to answer.",
  context_length: () => "The conversation is longer than the model takes. Say /compact or /new.",
  refusal: () => "It declined to answer this.",
  format: () => "It refused the request as it is.",
  unavailable: () => "It can't answer for now.",
  unknown: () => "It failed.",
};

/** A failure as an error for people: who failed, what it means, and what the provider said, without secrets. Pure. */
export function backendErrorOf(failure: Failure, provider: ModelProvider, model: string, nowMs: number): BackendError {
  const kind = kindOfFailure(failure);
  const status = failure.status === undefined ? "" : ` (HTTP ${failure.status})`;
  // A refused key is often repeated in the refusal; what else it says helps nobody.
  const words = kind === "auth" && failure.status !== 403 ? "" : withoutSecrets(failure.words ?? "", provider);
  const said = words === "" ? "" : ` It said: ${words}`;
  const advice = adviceFor(kind, failure, provider.id, model);
  const asked = retryAfterOf(failure.headers, nowMs);
  const retryAfterMs = asked ?? (kind === "rate_limit" ? waitInWords(failure.words ?? "") : undefined);
  return new BackendError(
    kind,
    `${provider.id}/${model} failed${status}. ${advice}${said}`,
    retryAfterMs === undefined ? {} : { retryAfterMs },
  );
}

/** A provider's words, on one line, cut, and without what must not be shown. Pure. */
export function withoutSecrets(words: string, { apiKey, headers = {} }: ModelProvider): string {
  const secrets = [apiKey ?? "", ...Object.values(headers)].filter((secret) => secret.length >= 4);
  const masked = secrets.reduce((text, secret) => text.replaceAll(secret, "***"), words.slice(0, 10_000));
  return masked
    .replace(/\b(sk|pk|key|xai|gsk|AIza)[-_][\w*.-]{6,}/gi, "***")
    .replace(/\bbearer\s+\S+/gi, "***")
    .replace(/\bhttps?:\/\/\S+/gi, "(an address)")
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ")
    .trim()
    .slice(0, MAX_WORDS);
}
