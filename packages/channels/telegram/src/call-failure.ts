import { ChannelError } from "@saltgate/channel";
import { fieldsIn, integerIn, textIn } from "./reading.ts";

/** What became of a call that failed. */
export type CallFailure =
  /** Telegram answered with a refusal. */
  | {
      readonly kind: "answered";
      readonly code: number;
      readonly description: string;
      readonly retryAfterMs: number | undefined;
      /** Where the chat went. */
      readonly migratedTo: string | undefined;
    }
  /** Nothing of it was sent. */
  | { readonly kind: "not-reached"; readonly code: string }
  /** The connection ended before the answer. */
  | { readonly kind: "cut"; readonly code: string }
  /** No answer in time. */
  | { readonly kind: "late" }
  /** We hung up. */
  | { readonly kind: "stopped" };

/** A call that failed. Its message names neither the token nor what was sent. */
export class CallError extends Error {
  override readonly name = "CallError";
  readonly failure: CallFailure;

  constructor(method: string, failure: CallFailure) {
    super(`${method}: ${describeFailure(failure)}`);
    this.failure = failure;
  }
}

/** System codes of connections that never came to be: not one byte of the call was sent. */
const notReached: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENETUNREACH",
  "EHOSTUNREACH",
  "EADDRNOTAVAIL",
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "ERR_TLS_CERT_ALTNAME_INVALID",
]);

/** Reads what the library threw. Nothing of its text is kept but what Telegram itself says. Pure. */
export function failureOf(thrown: unknown): CallFailure {
  const error = fieldsIn(thrown);
  const response = fieldsIn(error?.["response"]);
  const code = integerIn(response?.["error_code"]);
  if (response !== undefined && code !== undefined) {
    const parameters = fieldsIn(response["parameters"]);
    const seconds = integerIn(parameters?.["retry_after"]);
    const migratedTo = integerIn(parameters?.["migrate_to_chat_id"]);
    return {
      kind: "answered",
      code,
      description: (textIn(response["description"]) ?? "no description").slice(0, 300),
      retryAfterMs: seconds === undefined ? undefined : seconds * 1_000,
      migratedTo: migratedTo === undefined ? undefined : String(migratedTo),
    };
  }
  if (error?.["name"] === "AbortError") return { kind: "stopped" };
  const system = textIn(error?.["code"]) ?? textIn(error?.["type"]) ?? "unknown";
  const safe = /^[\w-]{1,64}$/.test(system) ? system : "unknown";
  return { kind: notReached.has(safe) ? "not-reached" : "cut", code: safe };
}

/** A failure in words. */
function describeFailure(failure: CallFailure): string {
  switch (failure.kind) {
    case "answered":
      return `Telegram answers ${failure.code}: ${failure.description}`;
    case "not-reached":
      return `Telegram can't be reached (${failure.code})`;
    case "cut":
      return `the connection to Telegram ended before its answer (${failure.code})`;
    case "late":
      return "Telegram didn't answer in time";
    case "stopped":
      return "it was stopped before Telegram answered";
    default:
      return failure satisfies never;
  }
}

const tokenFix =
  "Ask @BotFather for the token of this bot (/mybots, API Token) and set channels.telegram.botToken to it.";

/**
 * What a failure means. Pure. Source: the table "Errors" of this package's README.
 * @param isDelivery whether something was to be sent or changed: then an answer that nobody heard may mean that it was
 */
export function channelErrorOf(method: string, failure: CallFailure, isDelivery: boolean): ChannelError {
  const words = `${method}: ${describeFailure(failure)}.`;
  const unheard = isDelivery ? "unknown-outcome" : "transient";
  switch (failure.kind) {
    case "not-reached":
      return new ChannelError("transient", words);
    case "cut":
    case "late":
    case "stopped":
      return new ChannelError(unheard, words);
    case "answered":
      break;
    default:
      failure satisfies never;
  }
  const { code, description, retryAfterMs } = failure as Extract<CallFailure, { kind: "answered" }>;
  if (code >= 500) return new ChannelError(unheard, words);
  // Without the colon in its middle a token isn't even looked up: 404.
  if (code === 401 || (code === 404 && /^not found$/i.test(description)))
    return new ChannelError("auth", `${method}: Telegram refuses the bot token (${code}).`, { fix: tokenFix });
  if (code === 409) return new ChannelError("conflict", words);
  if (code === 429) return new ChannelError("rate", words, { retryAfterMs: retryAfterMs ?? 1_000 });
  if (isGone(description)) return new ChannelError("gone", words);
  return new ChannelError("refused", words);
}

/** Whether the message to change isn't there any more. */
function isGone(description: string): boolean {
  return /message to (edit|delete|react) not found|message_id_invalid/i.test(description);
}

/** Whether Telegram said this, whatever stands around it. */
export function isAnswer(failure: CallFailure, words: RegExp): boolean {
  return failure.kind === "answered" && failure.code === 400 && words.test(failure.description);
}
