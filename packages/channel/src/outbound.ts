/** Where something is sent. */
export interface OutboundTarget {
  /** The conversation's id, as the platform writes it. */
  readonly to: string;
  readonly threadId?: string;
}

/** A file to send. Its bytes were kept aside when the delivery was made, so that they are still there after a restart. */
export interface OutboundFile {
  readonly kind: "image" | "video" | "audio" | "voice" | "document" | "animation" | "sticker";
  readonly fileName: string;
  readonly mimeType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A button under a message. */
export interface OutboundButton {
  readonly text: string;
  /** Comes back as the text of an {@link InboundCommand} when it is pressed; at most 64 bytes of UTF-8. */
  readonly value: string;
}

/** What is sent. Texts are Markdown: each adapter says them in its platform's own format. */
export type OutboundContent =
  | {
      readonly kind: "text";
      readonly text: string;
      /** Of the message that it answers. */
      readonly replyToId?: string;
      readonly silent?: boolean;
      readonly buttons?: readonly (readonly OutboundButton[])[];
    }
  | {
      readonly kind: "media";
      readonly file: OutboundFile;
      readonly caption?: string;
      readonly replyToId?: string;
      readonly silent?: boolean;
    }
  | {
      readonly kind: "poll";
      readonly question: string;
      readonly options: readonly string[];
      readonly maxSelections: number;
      /** How long it is open, in seconds; absent: until somebody closes it. */
      readonly durationS?: number;
      readonly isAnonymous?: boolean;
      readonly silent?: boolean;
    }
  | { readonly kind: "edit"; readonly messageId: string; readonly text: string }
  | {
      readonly kind: "react";
      readonly messageId: string;
      /** Empty: take all of ours back. */
      readonly emoji: string;
      readonly remove?: boolean;
    }
  | { readonly kind: "unsend"; readonly messageId: string };

/** One thing to send, as its adapter gets it. */
export interface Delivery {
  /** The same on every attempt and after every restart: the handle for platforms that know one. At most 36 characters. */
  readonly id: string;
  readonly target: OutboundTarget;
  readonly content: OutboundContent;
}

/** What the platform answered. */
export interface Receipt {
  /** The id of the message in its conversation. */
  readonly messageId: string;
  /** The conversation that it went to, where the platform says. */
  readonly conversationId?: string;
  readonly pollId?: string;
}

/** Whether something that nobody heard the answer of was sent. */
export type Reconciliation =
  | { readonly outcome: "sent"; readonly receipt: Receipt }
  | { readonly outcome: "not-sent" }
  | { readonly outcome: "unknown"; readonly why: string };
