/** Who this bot is, as Telegram says. */
export interface BotIdentity {
  readonly id: number;
  readonly username: string;
  readonly name: string;
}

/** What normalising needs to know beside the update. */
export interface UpdateContext {
  readonly bot: BotIdentity;
  /** Whether a message was sent by us, as far as is known. */
  readonly isOurs: (conversationId: string, messageId: number) => boolean;
  /** Events from before this moment waited on Telegram's servers; in milliseconds since the epoch. */
  readonly backlogBeforeMs: number;
}
