/** Kinds of conversations, in the words of session keys: a person, a closed group, a room of a server or workspace. */
export type ConversationKind = "direct" | "group" | "channel";

/** How the beginning of an answer is shown while the rest is still being thought. */
export type LiveText =
  /** Not at all: the answer comes when it is whole. */
  | "none"
  /** The message is sent with its beginning and edited as it grows. */
  | "edit";

/** How it is found out whether something was sent after nobody heard the answer. */
export type Reconciling =
  /** The platform drops what carries the same handle: sending again is safe. */
  | "idempotent"
  /** The platform can be asked whether the message is there. */
  | "ask"
  /** It can't be known: such a delivery waits for its owner. */
  | "none";

/** What a channel can do. The core never tries what isn't declared, and the behaviour suite proves what is. */
export interface ChannelCapabilities {
  readonly conversations: readonly ConversationKind[];
  /** Files out and in. */
  readonly media: { readonly out: boolean; readonly in: boolean };
  readonly voiceNotes: boolean;
  /** Answers that quote a message. */
  readonly replies: boolean;
  /** Topics or threads inside a conversation. */
  readonly threads: boolean;
  readonly reactions: { readonly out: boolean; readonly in: boolean };
  readonly edit: boolean;
  readonly unsend: boolean;
  /** Most options of a poll; 0 where there are none. */
  readonly maxPollOptions: number;
  /** How long "is typing" stays, in milliseconds; 0 where there is none. */
  readonly typingMs: number;
  readonly readReceipts: boolean;
  /** A menu of commands. */
  readonly commandMenu: boolean;
  readonly buttons: boolean;
  readonly liveText: LiveText;
  readonly reconciling: Reconciling;
}

/** Bounds of a channel. Lengths are in UTF-16 units, as the platforms count. */
export interface ChannelLimits {
  /** Longest text of one message that we send unless the configuration says less. */
  readonly textChunkChars: number;
  /** Longest text that the platform takes. */
  readonly maxTextChars: number;
  /** Longest text beside a file. */
  readonly maxCaptionChars: number;
  /** Most lines of one message; absent where lines don't count. */
  readonly maxLines?: number;
  /** Largest file by default, in bytes. */
  readonly maxMediaBytes: number;
  readonly rate: RateRules;
}

/** How fast a platform lets a bot speak. What it answers to being too fast is honoured besides, to the millisecond. */
export interface RateRules {
  /** Messages per second over all conversations of an account. */
  readonly perSecond: number;
  /** Shortest time between two messages into one conversation, in milliseconds. */
  readonly perConversationMs: number;
  /** Most messages into one group within a minute; absent where groups are like other conversations. */
  readonly perGroupPerMinute?: number;
  /** Shortest time between two edits of one message, in milliseconds. */
  readonly perEditMs: number;
}
