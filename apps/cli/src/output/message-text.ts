import type { ChatMessage } from "@saltgate/protocol";

/** What a message of a transcript says in words; its pictures, thoughts and calls of tools are left out. */
export function messageText({ content }: Pick<ChatMessage, "content">): string {
  if (typeof content === "string") return content;
  return content.flatMap(({ type, text }) => (type === "text" && text !== undefined ? [text] : [])).join("\n");
}
