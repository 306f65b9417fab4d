import type { SessionType } from "./session-key.ts";

/** When a conversation starts over by itself. What is given and comes first counts. */
export interface ResetPolicy {
  readonly mode: "daily" | "idle" | "off";
  /** Of the local day, 0 to 23; for `daily`. @default 4 */
  readonly atHour?: number | undefined;
  /** Without a word, in minutes. For `idle` by default 60; beside `daily`, whichever comes first. */
  readonly idleMinutes?: number | undefined;
}

/** Which policy applies where: the channel's, else that of the kind of conversation, else the standard one. */
export interface ResetRules {
  readonly standard: ResetPolicy;
  readonly byType: Readonly<Partial<Record<SessionType, ResetPolicy>>>;
  readonly byChannel: Readonly<Record<string, ResetPolicy>>;
}

/** The policy of a session. */
export function resetPolicyOf(rules: ResetRules, type: SessionType, channel: string | undefined): ResetPolicy {
  const name = channel?.toLowerCase() ?? "";
  const ofChannel = Object.hasOwn(rules.byChannel, name) ? rules.byChannel[name] : undefined;
  return ofChannel ?? rules.byType[type] ?? rules.standard;
}

/** The last time that it was this hour, by the local clock. */
export function lastDailyBoundary(nowMs: number, hour: number): number {
  const boundary = new Date(nowMs);
  boundary.setHours(hour, 0, 0, 0);
  if (boundary.getTime() > nowMs) boundary.setDate(boundary.getDate() - 1);
  return boundary.getTime();
}

/** Why a session that was last spoken in at `updatedAtMs` starts over now; `undefined` when it goes on. */
export function staleBecause(policy: ResetPolicy, updatedAtMs: number, nowMs: number): "daily" | "idle" | undefined {
  if (policy.mode === "off") return undefined;
  if (policy.mode === "daily" && updatedAtMs < lastDailyBoundary(nowMs, policy.atHour ?? 4)) return "daily";
  const idleMinutes = policy.idleMinutes ?? (policy.mode === "idle" ? 60 : undefined);
  return idleMinutes !== undefined && nowMs - updatedAtMs > idleMinutes * 60_000 ? "idle" : undefined;
}
