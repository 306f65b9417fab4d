import type { HealthSummary } from "@saltgate/protocol";
import type { Clock } from "../clock.ts";

/** Where the gateway is in its life. */
export type GatewayPhase = "starting" | "ready" | "degraded" | "draining";

/** What a look at the gateway's health sees. */
export interface HealthSources {
  phase(): GatewayPhase;
  /** What is wrong, in words for the owner. */
  problems(): readonly string[];
  connections(): { readonly operators: number; readonly nodes: number };
  bufferedBytes(): number;
  /** Channels, agents and sessions, as they are. */
  conversations(): Promise<ConversationHealth>;
  version: string;
}

/** What of a look is about conversations. */
export type ConversationHealth = Pick<
  HealthSummary,
  "agents" | "channelLabels" | "channelOrder" | "channels" | "defaultAgentId" | "heartbeatSeconds" | "sessions"
>;

/** A look younger than this is still good, in milliseconds. */
const FRESH_MS = 60_000;
const MAX_LATENESS_SAMPLES = 64;

/**
 * Looks at the gateway and remembers what it saw. How late the gateway's own timers run is noted at each tick, so
 * that an event loop that was blocked shows without anything that measures all the time.
 */
export class HealthMonitor {
  readonly #sources: HealthSources;
  readonly #clock: Clock;
  readonly #lateness: number[] = [];
  #last: HealthSummary | undefined;
  #version = 1;

  constructor(sources: HealthSources, clock: Clock) {
    this.#sources = sources;
    this.#clock = clock;
  }

  /** Grows with each look. */
  get version(): number {
    return this.#version;
  }

  /** What the last look saw, without looking again. */
  get last(): HealthSummary | undefined {
    return this.#last;
  }

  /** Whether the last look is too old to be told. */
  get stale(): boolean {
    return this.#last === undefined || this.#clock.now() - this.#last.ts > FRESH_MS;
  }

  /** Notes how late a timer ran, in milliseconds. */
  noteLateness(lateMs: number): void {
    this.#lateness.push(Math.max(0, lateMs));
    if (this.#lateness.length > MAX_LATENESS_SAMPLES) this.#lateness.shift();
  }

  /** Looks now. */
  async look(): Promise<HealthSummary> {
    const startedAt = this.#clock.now();
    const sources = this.#sources;
    const conversations = await sources.conversations();
    const phase = sources.phase();
    const problems = sources.problems();
    const summary: HealthSummary = {
      ok: phase === "ready",
      ts: startedAt,
      durationMs: 0,
      version: sources.version,
      phase,
      ...(problems.length > 0 && { problems: [...problems] }),
      ...(this.#lateness.length > 0 && { eventLoop: percentiles(this.#lateness) }),
      memory: { rssBytes: process.memoryUsage.rss(), bufferedBytes: sources.bufferedBytes() },
      connections: sources.connections(),
      ...conversations,
    };
    summary.durationMs = Math.max(0, this.#clock.now() - startedAt);
    this.#last = summary;
    this.#version += 1;
    return summary;
  }
}

/** What somebody may see of a look who is no admin: everything but the owner's own troubles. */
export function withoutProblems(summary: HealthSummary): HealthSummary {
  const { problems: _owners, ...rest } = summary;
  return rest;
}

function percentiles(samples: readonly number[]): { delayP50Ms: number; delayP99Ms: number } {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { delayP50Ms: at(0.5), delayP99Ms: at(0.99) };
}
