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

const TOO_LONG =
  /context.?(length|window|size)|maximum context|prompt is too long|too many (input )?tokens|input is too long|exceeds? the (available|model)|reduce the length/i;
const NO_MONEY = /insufficient.?(quota|balance|credit|funds)|credit balance|billing|payment required|out of credits/i;
const NOT_ALLOWED = /content.?(filter|policy|management)|safety|flagged/i;

/** What kind of failure it is, by status and words: the words decide where providers share a status. Pure. */
export function kindOfFailure({ status, type = "", code = "", words = "" }: Failure): BackendErrorKind {
  const all = `${type} ${code} ${words}`;
  const isRefused = status === undefined || (status >= 400 && status < 500);
  if (status === 402 || (isRefused && NO_MONEY.test(all))) return "billing";
  if (status === 401 || status === 403 || type === "authentication_error" || type === "permission_error") return "auth";
  if (status === 429 || type === "rate_limit_error") return "rate_limit";
  if (status === 413 || (isRefused && TOO_LONG.test(all))) return "context_length";
  if (status === 408 || status === 504 || type === "timeout_error") return "timeout";
  if ((status !== undefined && status >= 500) || type === "overloaded_error" || type === "api_error")
    return "unavailable";
  if (type === "server_error" || status === 404 || status === 409) return "unavailable";
  if (isRefused && NOT_ALLOWED.test(`${type} ${code}`)) return "refusal";
  if (status === 400 || status === 422 || type === "invalid_request_error") return "format";
  return "unknown";
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
  const words = kind === "auth" ? "" : withoutSecrets(failure.words ?? "", provider);
  const said = words === "" ? "" : ` It said: ${words}`;
  const hint = failure.status === 404 ? `There is no such model or address: see models.providers.${provider.id}.` : "";
  const advice = hint === "" ? ADVICE[kind](`models.providers.${provider.id}`) : hint;
  const retryAfterMs = retryAfterOf(failure.headers, nowMs);
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
