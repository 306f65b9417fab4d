import { printable, printableJson, printableText } from "../output/printable.ts";
import type { AnswerEnding, ChatView } from "./chat-view.ts";

/** A conversation for programs and pipes: each answer as a whole, or as one line of JSON. */
export function linesView(json: boolean): ChatView {
  const write = (text: string): void => void process.stdout.write(text);
  return {
    history: () => undefined,
    speaking: () => undefined,
    ended(runId, ending) {
      if (json) write(`${printableJson({ runId, ...ending })}\n`);
      else if (ending.state === "final") write(ending.text === "" ? "" : `${printableText(ending.text)}\n`);
      else process.stderr.write(`${endingWords(ending)}\n`);
    },
    note: (text) => void (json || process.stderr.write(`${printable(text)}\n`)),
  };
}

/** What to say of an answer that didn't come to its end. */
export function endingWords(ending: Exclude<AnswerEnding, { state: "final" }>): string {
  if (ending.state === "aborted") return "Stopped.";
  const message = printable(ending.message);
  return `It failed: ${message}${/[.!?]$/.test(message) ? "" : "."}`;
}
