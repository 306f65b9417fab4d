import type { ConversationRef } from "./inbound.ts";
import type { OutboundTarget } from "./outbound.ts";

/**
 * The name of a conversation over all channels: what is said in it is dealt with, and answered, in order. Ids stay as the
 * platform writes them, as some tell upper case from lower.
 */
export function conversationKey(
  account: { readonly channel: string; readonly accountId: string },
  conversation: Pick<ConversationRef, "id" | "threadId"> | OutboundTarget,
): string {
  const id = "to" in conversation ? conversation.to : conversation.id;
  const parts = [account.channel, account.accountId, id];
  if (conversation.threadId !== undefined) parts.push(conversation.threadId);
  // Ids come from elsewhere: what separates them must not stand in them.
  return parts.map((part) => part.replaceAll("%", "%25").replaceAll("|", "%7C")).join("|");
}
