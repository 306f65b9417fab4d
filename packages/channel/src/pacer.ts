import type { RateRules } from "./capabilities.ts";

/** What a platform counts a message as. */
export interface PacedSend {
  readonly conversation: string;
  readonly isGroup: boolean;
  /** What its topics count together as. @default the conversation */
  readonly group?: string;
  /** The message that is edited, if one is. */
  readonly edits?: string;
  /** It only shows how far a text has grown. */
  readonly isGrowth?: boolean;
}

/** Conversations whose pace is remembered at most; what was longest quiet goes first. */
const maxRemembered = 10_000;
const minuteMs = 60_000;

/**
 * Keeps an account within its platform's own rules: a bucket for the account, a pace for each conversation, a count for
 * each group, and what the platform itself said when it was too fast. It only counts; waiting is somebody else's business.
 */
export class Pacer {
  readonly #rules: RateRules;
  #tokens: number;
  #filledAtMs: number;
  #pausedUntilMs = 0;
  /** When the next message may go into each conversation, or edit of each message. */
  readonly #nextAtMs = new Map<string, number>();
  readonly #groupSends = new Map<string, number[]>();

  constructor(rules: RateRules, nowMs: number) {
    this.#rules = rules;
    this.#tokens = Math.max(1, rules.perSecond);
    this.#filledAtMs = nowMs;
  }

  /** How long this has to wait, in milliseconds; 0 when it may go now. */
  waitMs(send: PacedSend, nowMs: number): number {
    this.#fill(nowMs);
    const { perSecond, perGroupPerMinute } = this.#rules;
    const waits = [this.#pausedUntilMs - nowMs, (this.#nextAtMs.get(keyOf(send)) ?? 0) - nowMs];
    if (this.#tokens < 1) waits.push(((1 - this.#tokens) / perSecond) * 1_000);
    if (perGroupPerMinute !== undefined && send.isGroup) {
      const recent = (this.#groupSends.get(groupOf(send)) ?? []).filter((at) => at > nowMs - minuteMs);
      // What only shows growth leaves half of the count for the end of the text and for what follows it.
      const most = send.isGrowth ? Math.max(1, Math.floor(perGroupPerMinute / 2)) : perGroupPerMinute;
      const oldest = recent.at(-most);
      if (oldest !== undefined) waits.push(oldest + minuteMs - nowMs);
      const last = send.isGrowth ? recent.at(-1) : undefined;
      if (last !== undefined) waits.push(last + minuteMs / perGroupPerMinute - nowMs);
    }
    return Math.max(0, Math.ceil(Math.max(...waits)));
  }

  /** Counts a message that goes out now. */
  note(send: PacedSend, nowMs: number): void {
    this.#fill(nowMs);
    this.#tokens -= 1;
    const { perConversationMs, perEditMs, perGroupPerMinute } = this.#rules;
    remember(this.#nextAtMs, keyOf(send), nowMs + (send.edits === undefined ? perConversationMs : perEditMs));
    if (perGroupPerMinute === undefined || !send.isGroup) return;
    const recent = (this.#groupSends.get(groupOf(send)) ?? []).filter((at) => at > nowMs - minuteMs);
    remember(this.#groupSends, groupOf(send), [...recent, nowMs].slice(-perGroupPerMinute));
  }

  /** The platform said to be quiet until then. */
  pauseUntil(untilMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, untilMs);
  }

  /** This may not be followed by the like of it until then, whatever the rules say. */
  hold(send: PacedSend, untilMs: number): void {
    const key = keyOf(send);
    remember(this.#nextAtMs, key, Math.max(this.#nextAtMs.get(key) ?? 0, untilMs));
  }

  /** How many conversations are remembered. */
  get size(): number {
    return this.#nextAtMs.size + this.#groupSends.size;
  }

  #fill(nowMs: number): void {
    const { perSecond } = this.#rules;
    // A clock that was set back gives nothing, and takes nothing: what is noted goes back with it.
    if (nowMs < this.#filledAtMs) this.#shift(nowMs - this.#filledAtMs);
    const gained = (Math.max(0, nowMs - this.#filledAtMs) / 1_000) * perSecond;
    this.#tokens = Math.min(Math.max(1, perSecond), this.#tokens + gained);
    this.#filledAtMs = nowMs;
  }

  #shift(byMs: number): void {
    this.#pausedUntilMs += byMs;
    for (const [key, atMs] of this.#nextAtMs) this.#nextAtMs.set(key, atMs + byMs);
    for (const [key, times] of this.#groupSends) {
      this.#groupSends.set(
        key,
        times.map((atMs) => atMs + byMs),
      );
    }
  }
}

function groupOf({ conversation, group = conversation }: PacedSend): string {
  return group;
}

function keyOf({ conversation, edits }: PacedSend): string {
  return edits === undefined ? conversation : `${conversation}|edit|${edits}`;
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= maxRemembered) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
