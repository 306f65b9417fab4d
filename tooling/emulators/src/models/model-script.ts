import type { SeenRequest } from "./seen-request.ts";

/** What a scripted model says. */
export interface ModelAnswer {
  readonly thinking?: string;
  /** In it `{{now}}` is the time at which it goes out, in milliseconds since the epoch. */
  readonly text?: string;
  readonly toolCalls?: readonly ScriptedCall[];
  /** Of the text, in characters. @default 8 */
  readonly chunkChars?: number;
  /** @default what follows from the rest: a call of a tool, or an end */
  readonly stop?: "stop" | "length" | "refusal";
  /** Tokens that came from the provider's cache. @default 0 */
  readonly cachedTokens?: number;
}

/** A call of a tool. Arguments that are a text go out as they are: that is how nonsense is made. */
export interface ScriptedCall {
  readonly name: string;
  readonly arguments: unknown;
  /** @default one that is made up */
  readonly id?: string;
}

/** What goes wrong. `afterChunks` counts events of the stream that get out before. */
export type ModelFault =
  | { readonly kind: "unauthorized" }
  | { readonly kind: "billing" }
  | { readonly kind: "rate-limit"; readonly retryAfterS?: number; readonly retryAfterMs?: number }
  | { readonly kind: "server-error" }
  | { readonly kind: "overloaded" }
  | { readonly kind: "context-length" }
  | { readonly kind: "hang-before" }
  | { readonly kind: "hang-after"; readonly afterChunks: number }
  /** The socket is destroyed. */
  | { readonly kind: "cut"; readonly afterChunks: number }
  /** The stream ends in order, and too early. */
  | { readonly kind: "end-early"; readonly afterChunks: number }
  | { readonly kind: "malformed"; readonly afterChunks: number }
  /** An error comes in a stream that began well. */
  | { readonly kind: "error-in-stream"; readonly afterChunks: number }
  | { readonly kind: "wrong-content-type" }
  | { readonly kind: "redirect"; readonly to: string }
  /** Any other answer of an HTTP server. */
  | { readonly kind: "status"; readonly status: number; readonly body: string };

/** One rule of a script: plain data, so that it travels to a process of its own. */
export interface ModelRule {
  /** All that are named must hold. Nothing named: always. */
  readonly when?: {
    readonly model?: string;
    /** In the last thing that a person said. */
    readonly contains?: string;
    /** In the results of tools that the request ends with. */
    readonly toolResult?: string;
  };
  /** How often it applies. @default without end */
  readonly times?: number;
  readonly answer?: ModelAnswer;
  readonly fault?: ModelFault;
  /** Each event of the stream waits for `release` (`"manual"`), or so many milliseconds. @default it doesn't wait */
  readonly pace?: "manual" | number;
}

/** Whether a rule speaks of a request. Pure. */
export function ruleApplies({ when = {} }: ModelRule, request: SeenRequest): boolean {
  if (when.model !== undefined && when.model !== request.model) return false;
  if (when.contains !== undefined && !request.lastUserText.includes(when.contains)) return false;
  return when.toolResult === undefined || request.toolResults.some((text) => text.includes(when.toolResult ?? ""));
}

/**
 * What a model says that nobody wrote a rule for. `call NAME JSON` calls a tool, several lines several tools; results of
 * tools are read back; anything else is echoed. Pure.
 */
export function defaultAnswer(request: SeenRequest): ModelAnswer {
  if (request.toolResults.length > 0) return { text: `results: ${request.toolResults.join(" | ")}` };
  const lines = request.lastUserText.split("\n").map((line) => /^call ([a-z0-9_]+) (.+)$/.exec(line.trim()));
  const calls = lines.flatMap((found) =>
    found === null ? [] : [{ name: found[1] ?? "", arguments: readJson(found[2] ?? "") }],
  );
  return calls.length > 0 ? { toolCalls: calls } : { text: `echo: ${request.lastUserText}` };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
