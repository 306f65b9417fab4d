import type { ConversationKind } from "./capabilities.ts";

/** Where something was said. Ids are the platform's own, as texts, exactly as it writes them. */
export interface ConversationRef {
  readonly kind: ConversationKind;
  readonly id: string;
  /** A topic or thread inside it. */
  readonly threadId?: string;
  /** What people call it. For words, never for decisions. */
  readonly title?: string;
  /** The server or workspace that it is in. */
  readonly spaceId?: string;
  /** Of a thread that is a conversation of its own: where it branched off. */
  readonly parentId?: string;
}

/** Who did it. */
export interface InboundSender {
  /** The platform's stable id. Empty when the platform names nobody, which matches nothing (rule R-42). */
  readonly id: string;
  /** Other stable ids of the same person, e.g. a WhatsApp number beside its LID. */
  readonly alsoIds?: readonly string[];
  /** A name that its owner can change: for words, never for decisions. */
  readonly name?: string;
  /** A handle that its owner can change: as above. */
  readonly username?: string;
  /** Whether this is our own account. */
  readonly isSelf: boolean;
  readonly isBot: boolean;
}

/** A file in a message. It is fetched when the message was let in, and not before. */
export interface InboundMedia {
  readonly kind: "image" | "video" | "audio" | "voice" | "document" | "sticker";
  /** What the adapter needs to fetch it; its own business. Small, and plain JSON. */
  readonly ref: unknown;
  readonly mimeType?: string;
  readonly fileName?: string;
  /** As the platform says, in bytes. */
  readonly bytes?: number;
}

/** Whether a message in a group is meant for us. */
export interface MentionSignals {
  /** Whether this platform lets a bot see who is mentioned. */
  readonly canDetect: boolean;
  /** We are mentioned by id or by our own name. */
  readonly explicit: boolean;
  /** Somebody is mentioned, whoever it is. */
  readonly any: boolean;
  /** It answers a message of ours. */
  readonly implicit: boolean;
  /** It is a command that names another bot, so it isn't for us, whatever else is in it. */
  readonly isForAnother?: boolean;
}

/** What every inbound event has. */
interface InboundBase {
  /** The platform's own id of the event: the same on every redelivery, different for every other event of the account. */
  readonly nativeId: string;
  readonly conversation: ConversationRef;
  readonly sender: InboundSender;
  /** When it happened by the platform's clock, in milliseconds since the epoch. */
  readonly sentAtMs: number;
  /** It was kept by the platform while we weren't there. */
  readonly isBacklog?: boolean;
}

/** Somebody said something. */
export interface InboundMessage extends InboundBase {
  readonly kind: "message";
  /** The message's own id in its conversation, to answer, react to or edit. */
  readonly messageId: string;
  /** As plain text; empty when there are only files. */
  readonly text: string;
  readonly media: readonly InboundMedia[];
  /** Files that came as one album share this; the core waits for the rest of it. */
  readonly albumId?: string;
  readonly mentions: MentionSignals;
  readonly replyTo?: {
    /** Absent where what it answers stands in another conversation. */
    readonly messageId?: string;
    readonly text?: string;
    readonly senderName?: string;
    /** Only a part of it was quoted: this one. */
    readonly quote?: string;
  };
  readonly forwardedFrom?: { readonly name: string; readonly atMs?: number };
  readonly location?: {
    readonly latitude: number;
    readonly longitude: number;
    readonly accuracyM?: number;
    readonly name?: string;
    readonly address?: string;
    readonly isLive?: boolean;
  };
}

/** Somebody chose a command from the platform's menu, or pressed a button. */
export interface InboundCommand extends InboundBase {
  readonly kind: "command";
  readonly messageId?: string;
  /** As it would be typed, `/status` and the like; a button's own text for a press. */
  readonly text: string;
  readonly source: "menu" | "button";
}

/** Something happened to a message, or to who is in a conversation. None of these starts a run by itself. */
export interface InboundNotice extends InboundBase {
  readonly kind: "edit" | "delete" | "reaction" | "membership" | "pin";
  readonly messageId?: string;
  /** The new text of an edit. */
  readonly text?: string;
  readonly emoji?: string;
  /** The reaction was taken back, or somebody left. */
  readonly isRemoval?: boolean;
  /** It concerns a message of ours. */
  readonly isOurs?: boolean;
}

/** The conversation has a new id from now on. */
export interface InboundMigration extends InboundBase {
  readonly kind: "migration";
  readonly newId: string;
}

/** Everything that comes from a platform, in one form. Plain JSON: it is written to disk as it is. */
export type InboundEvent = InboundMessage | InboundCommand | InboundNotice | InboundMigration;

/** What a platform sent and its adapter could make nothing of. */
export interface SetAside {
  readonly nativeId: string;
  readonly reason: string;
  /** What it was, without secrets; cut to 64 KiB. */
  readonly raw: string;
}

/** Where an adapter puts what came in. */
export interface InboundPort {
  /**
   * Takes events, in their order. When it resolves they are on the disk, each once whatever the platform repeats, and so
   * is `cursor`: only then may the platform be told that they were received.
   * @throws when they could not be written; nothing of them was kept, and the platform must send them again.
   */
  accept(batch: {
    readonly events: readonly InboundEvent[];
    readonly aside?: readonly SetAside[];
    /** Where to go on after a restart; kept with the events, for {@link InboundPort.cursor}. */
    readonly cursor?: string;
  }): Promise<void>;
  /** The cursor of the last batch that was accepted. */
  cursor(): Promise<string | undefined>;
}
