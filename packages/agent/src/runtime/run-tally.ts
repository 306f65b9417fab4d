import type { ThinkingLevel } from "../session/session-settings.ts";
import type { Usage } from "../transcript.ts";

/** What a run has used up so far, and by which model. */
export class RunTally {
  /** As `provider/model`; the one that answered last. */
  model: string | undefined;
  /** How hard it thought in its last step. */
  thinking: ThinkingLevel = "off";
  /** Steps that were begun. */
  steps = 0;
  #usage: Usage = {};
  #contextTokens: number | undefined;

  get usage(): Usage {
    return this.#usage;
  }

  /** Tokens that the last step took in all: what the transcript takes of the model's memory. */
  get contextTokens(): number | undefined {
    return this.#contextTokens;
  }

  get totalTokens(): number {
    return this.#usage.totalTokens ?? (this.#usage.input ?? 0) + (this.#usage.output ?? 0);
  }

  /** Adds what a step used. */
  add(usage: Usage | undefined): void {
    if (usage === undefined) return;
    this.#contextTokens = usage.totalTokens ?? (usage.input ?? 0) + (usage.output ?? 0);
    const sum: { -readonly [Key in keyof Usage]: number } = { ...this.#usage };
    for (const key of ["input", "output", "cacheRead", "cacheWrite", "totalTokens", "costUsd"] as const) {
      const value = usage[key];
      if (value !== undefined) sum[key] = (sum[key] ?? 0) + value;
    }
    this.#usage = sum;
  }
}
