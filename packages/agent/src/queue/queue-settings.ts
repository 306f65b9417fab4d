import type { SessionSettings } from "../session/session-settings.ts";
import type { QueueMode } from "../turn.ts";

/** What happens to what doesn't fit. `summarize`: the oldest is kept as one line. */
export type QueueDrop = "old" | "new" | "summarize";

/** How what is said to a busy session waits. */
export interface QueueRules {
  readonly mode: QueueMode;
  readonly byChannel: Readonly<Record<string, QueueMode>>;
  /** Quiet that ends a collection, in milliseconds. */
  readonly debounceMs: number;
  readonly debounceMsByChannel: Readonly<Record<string, number>>;
  /** How many may wait in a session. */
  readonly cap: number;
  readonly drop: QueueDrop;
}

/** The rules of one session. */
export interface LaneRules {
  readonly mode: QueueMode;
  readonly debounceMs: number;
  readonly cap: number;
  readonly drop: QueueDrop;
}

const modeNames: Readonly<Record<string, QueueMode>> = {
  steer: "steer",
  queue: "steer",
  queued: "steer",
  steering: "steer",
  "steer-backlog": "steer",
  "steer+backlog": "steer",
  steer_backlog: "steer",
  followup: "followup",
  "follow-up": "followup",
  collect: "collect",
  interrupt: "interrupt",
  interrupts: "interrupt",
  abort: "interrupt",
};

/** The mode that a word means. */
export function queueModeOf(word: string): QueueMode | undefined {
  const text = word.trim().toLowerCase();
  return Object.hasOwn(modeNames, text) ? modeNames[text] : undefined;
}

/** The rules of one session: what it set itself, then its channel's, then those of all. */
export function laneRulesOf(rules: QueueRules, settings: SessionSettings, channel: string): LaneRules {
  const own = <T>(table: Readonly<Record<string, T>>) => (Object.hasOwn(table, channel) ? table[channel] : undefined);
  const drop = settings.queueDrop;
  return {
    mode: queueModeOf(settings.queueMode ?? "") ?? own(rules.byChannel) ?? rules.mode,
    debounceMs: settings.queueDebounceMs ?? own(rules.debounceMsByChannel) ?? rules.debounceMs,
    cap: Math.max(1, settings.queueCap ?? rules.cap),
    drop: drop === "old" || drop === "new" || drop === "summarize" ? drop : rules.drop,
  };
}
