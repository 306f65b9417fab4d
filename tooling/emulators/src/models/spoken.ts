import type { ModelAnswer } from "./model-script.ts";
import type { SeenRequest } from "./seen-request.ts";

/** A text in pieces of so many characters, never through the middle of one. Pure. */
export function inPieces(text: string, chars = 8): readonly string[] {
  const characters = Array.from(text);
  return Array.from({ length: Math.ceil(characters.length / chars) }, (_, index) =>
    characters.slice(index * chars, (index + 1) * chars).join(""),
  );
}

/** Tokens as the emulator counts them: one for four characters begun. Pure. */
export function countTokens(text: string): number {
  return Math.ceil(text.length / 4);
}

/** What an answer cost. `input` is without what came from the cache. Pure. */
export function usageOf(
  answer: ModelAnswer,
  request: SeenRequest,
): { readonly input: number; readonly output: number; readonly cached: number } {
  const calls = answer.toolCalls === undefined ? "" : JSON.stringify(answer.toolCalls);
  return {
    input: countTokens(JSON.stringify(request.body["messages"])),
    output: countTokens(`${answer.thinking ?? ""}${answer.text ?? ""}${calls}`),
    cached: answer.cachedTokens ?? 0,
  };
}
