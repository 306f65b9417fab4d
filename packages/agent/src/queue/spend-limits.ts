/** What one agent or one person may use up. What is left out isn't limited. Windows reach back from now. */
export interface SpendLimit {
  readonly runsPerHour?: number | undefined;
  readonly runsPerDay?: number | undefined;
  readonly tokensPerDay?: number | undefined;
  readonly costUsdPerDay?: number | undefined;
}

/** Limits on what is spent, enforced before a run begins. */
export interface SpendLimits {
  /** Of each agent. */
  readonly agent: SpendLimit;
  /** Of single agents, by id, instead. */
  readonly agents: Readonly<Record<string, SpendLimit>>;
  /** Of each sender that isn't the owner. */
  readonly sender: SpendLimit;
}

/** What was used in the last hour and day, runs that go on included. */
export interface Spent {
  readonly runsLastHour: number;
  readonly runsLastDay: number;
  readonly tokensLastDay: number;
  readonly costUsdLastDay: number;
}

/** Which limit is used up, in words for people; `undefined` when none is. */
export function exceededLimit(limit: SpendLimit, spent: Spent, whose: string): string | undefined {
  const over = (used: number, most: number | undefined) => most !== undefined && used >= most;
  if (over(spent.runsLastHour, limit.runsPerHour))
    return `${whose} has used up its ${limit.runsPerHour} runs of an hour`;
  if (over(spent.runsLastDay, limit.runsPerDay)) return `${whose} has used up its ${limit.runsPerDay} runs of a day`;
  if (over(spent.tokensLastDay, limit.tokensPerDay))
    return `${whose} has used up its ${limit.tokensPerDay} tokens of a day`;
  if (over(spent.costUsdLastDay, limit.costUsdPerDay))
    return `${whose} has used up its ${limit.costUsdPerDay} US dollars of a day`;
  return undefined;
}

/** Whether anything is limited at all: nothing is counted otherwise. */
export function isLimited(limit: SpendLimit): boolean {
  return Object.values(limit).some((value) => value !== undefined);
}
