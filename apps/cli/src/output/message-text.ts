import type { ChatMessage, PayloadOf } from "@saltgate/protocol";

/** What a message of a transcript says in words; its pictures, thoughts and calls of tools are left out. */
export function messageText({ content }: Pick<ChatMessage, "content">): string {
  if (typeof content === "string") return content;
  return content.flatMap(({ type, text }) => (type === "text" && text !== undefined ? [text] : [])).join("\n");
}

/**
 * Everything that a run has said once a step of it came. Revision 4 tells what is new, revision 3 everything so far. What was
 * lost on the way is made good by the whole, which comes at the end.
 */
export function saidSoFar(
  before: string,
  { deltaText, message, replace }: Pick<PayloadOf<"chat">, "deltaText" | "message" | "replace">,
): string {
  if (message !== undefined) return messageText(message);
  return replace === true ? (deltaText ?? "") : before + (deltaText ?? "");
}
