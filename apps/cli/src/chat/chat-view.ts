import type { ChatMessage } from "@saltgate/protocol";

/** How an answer ended. */
export type AnswerEnding =
  | { readonly state: "final"; readonly text: string }
  | { readonly state: "aborted" }
  | { readonly state: "error"; readonly message: string };

/** Where a conversation is shown: a terminal, or a program that reads lines. */
export interface ChatView {
  /** What was said before, oldest first. */
  history(messages: readonly ChatMessage[]): void;
  /** Everything that an answer says so far. */
  speaking(runId: string, text: string): void;
  /** An answer has ended. */
  ended(runId: string, ending: AnswerEnding): void;
  /** Something that isn't said by anybody in the conversation. */
  note(text: string): void;
}
