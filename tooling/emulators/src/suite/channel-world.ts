import type { ChannelAdapter } from "@saltgate/channel";
import type { SteppedClock } from "./stepped-clock.ts";

/** What a person writes. */
export interface Saying {
  /** The conversation; absent: the private one. */
  readonly in?: string;
  readonly text?: string;
  /** Names our bot in the way of the platform, before the text. */
  readonly mentionsUs?: boolean;
  readonly file?: { readonly fileName: string; readonly bytes: Uint8Array };
  readonly replyTo?: string;
  readonly topic?: string;
}

/** A message of ours as people see it. */
export interface SeenMessage {
  readonly id: string;
  readonly text: string;
  /** How stretches of the text are shown, e.g. `bold:0:2`. */
  readonly styles: readonly string[];
  readonly fileBase64?: string;
  readonly replyTo?: string;
  readonly topic?: string;
  readonly isEdited: boolean;
  readonly pollOptions?: readonly string[];
}

/** How receiving or sending goes wrong once. */
export type Breakage =
  /** It is done, and the answer is lost. */
  | "answer-lost"
  /** The connection is cut before anything is done. */
  | "request-lost"
  /** The server fails after it was done. */
  | "error-after"
  /** We are told to wait. */
  | "rate"
  /** It is never answered, and it was done. */
  | "never-answered"
  | "unauthorized";

/**
 * A platform on loopback, with one account of ours, one person, and one group that both are in: what the behaviour suite needs of
 * an emulator.
 */
export interface ChannelWorld extends AsyncDisposable {
  readonly adapter: ChannelAdapter;
  /** The configuration that leads here. */
  readonly section: unknown;
  readonly clock: SteppedClock;
  /** Secrets that must show nowhere. */
  readonly secrets: readonly string[];
  /** The person's id and the private conversation with us. */
  readonly person: { readonly id: string; readonly direct: string };
  readonly group: string;
  /** A group with a topic, where there are any. */
  readonly forum?: { readonly group: string; readonly topic: string };
  /** Writes. Returns the message's id. */
  say(saying: Saying): string;
  /** What was received comes once more. */
  redeliver(): void;
  /** Something comes that no documentation describes. */
  sayGarbage(): void;
  /** How many events the platform still holds for us. */
  held(): number;
  /** Our messages in a conversation, as they stand. */
  seen(conversation: string): readonly SeenMessage[];
  /** Our reactions to a message. */
  reactionsOf(conversation: string, messageId: string): readonly string[];
  /** How often typing was shown in a conversation. */
  typings(conversation: string): number;
  /** The next call that sends goes wrong. */
  breakSending(how: Breakage, retryAfterS?: number): void;
  /** The next call that receives goes wrong. */
  breakReceiving(how: Breakage): void;
  /** Resolves when everything that was to go wrong has gone wrong. */
  untilBroken(): Promise<void>;
  /** Resolves when we ask for messages, and nothing is there. */
  untilListening(): Promise<void>;
  /** How often two connections of ours stood at once. */
  overlaps(): number;
  /** The platform can't be reached any more. */
  vanish(): Promise<void>;
}
