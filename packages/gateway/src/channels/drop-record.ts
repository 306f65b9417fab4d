import type { DropReason } from "@saltgate/channel";

/** Chats that are remembered at most, so that each is told about once. */
const maxRemembered = 2_000;
const tellAgainMs = 3_600_000;

/** Counts what was dropped, by reason, so that an owner can see why the bot is silent; each chat is told about once an hour. */
export class DropRecord {
  readonly #counts = new Map<string, Partial<Record<DropReason, number>>>();
  readonly #toldAtMs = new Map<string, number>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Counts one. @returns whether it is worth a line in the log */
  note(account: string, conversation: string, reason: DropReason): boolean {
    const counts = this.#counts.get(account) ?? {};
    counts[reason] = (counts[reason] ?? 0) + 1;
    this.#counts.set(account, counts);
    const key = `${conversation}|${reason}`;
    const nowMs = this.#now();
    const toldAtMs = this.#toldAtMs.get(key);
    if (toldAtMs !== undefined && nowMs - toldAtMs < tellAgainMs && nowMs >= toldAtMs) return false;
    this.#toldAtMs.delete(key);
    this.#toldAtMs.set(key, nowMs);
    if (this.#toldAtMs.size > maxRemembered) {
      const [oldest] = this.#toldAtMs.keys();
      if (oldest !== undefined) this.#toldAtMs.delete(oldest);
    }
    return true;
  }

  /** How often each reason applied on an account. */
  of(account: string): Partial<Record<DropReason, number>> {
    return { ...this.#counts.get(account) };
  }

  get size(): number {
    return this.#counts.size + this.#toldAtMs.size;
  }
}

const groupHint = (key: string): string => `add the group to ${key}.groups`;

/** What an owner changes so that the next one isn't dropped. @param key the account's place in the configuration */
export function dropHint(reason: DropReason, key: string): string | undefined {
  switch (reason) {
    case "group-not-listed":
      return groupHint(key);
    case "group-sender-not-allowed":
      return `add the sender to ${key}.groupAllowFrom, or set ${key}.groupPolicy to "open"`;
    case "group-policy-disabled":
      return `set ${key}.groupPolicy to "allowlist" or "open"`;
    case "group-disabled":
      return `set "enabled" of that group to true in ${key}.groups`;
    case "dm-not-allowed":
      return `add the sender to ${key}.allowFrom, or set ${key}.dmPolicy to "pairing"`;
    case "dm-disabled":
      return `set ${key}.dmPolicy to "pairing"`;
    case "bot":
      return `set ${key}.allowBots to true`;
    case "command-not-authorized":
      return `add the sender to ${key}.groupAllowFrom`;
    case "own-message":
    case "no-sender":
    case "dm-backlog":
    case "not-mentioned":
      return undefined;
  }
}
