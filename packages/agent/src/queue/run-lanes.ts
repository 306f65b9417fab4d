/** Which runs share a limit. */
export type LaneName = "main" | "subagent" | "cron";

const laneNames: readonly LaneName[] = ["main", "subagent", "cron"];

/** The lane of a session. */
export function laneOf(sessionKey: string): LaneName {
  const place = sessionKey.split(":")[2];
  return place === "subagent" || place === "cron" ? place : "main";
}

/** Who runs and who waits among the sessions of one lane. */
interface Lane {
  readonly running: number;
  /** Sessions that asked, in their order. */
  readonly asking: readonly string[];
}

/** Who runs and who waits among the sessions. The lanes don't touch each other: a full one is one look, however many wait in it. */
export type LaneState = Readonly<Record<LaneName, Lane>>;

const nobody: Lane = { running: 0, asking: [] };

/** Nobody runs. */
export const emptyLanes: LaneState = { main: nobody, subagent: nobody, cron: nobody };

/** A session wants to run. */
export function askOf(state: LaneState, sessionKey: string): LaneState {
  const name = laneOf(sessionKey);
  const lane = state[name];
  return { ...state, [name]: { ...lane, asking: [...lane.asking, sessionKey] } };
}

/**
 * The next session whose turn it is: the first that asked in a lane with room.
 * @returns the state in which it runs, and its key; `undefined` when nobody can
 */
export function nextOf(
  state: LaneState,
  limits: Readonly<Record<LaneName, number>>,
): { readonly state: LaneState; readonly sessionKey: string } | undefined {
  for (const name of laneNames) {
    const { asking, running } = state[name];
    const [sessionKey, ...others] = running < limits[name] ? asking : [];
    if (sessionKey === undefined) continue;
    return { sessionKey, state: { ...state, [name]: { running: running + 1, asking: others } } };
  }
  return undefined;
}

/** How many sessions wait for a place. */
export function askingIn(state: LaneState): number {
  return laneNames.reduce((sum, name) => sum + state[name].asking.length, 0);
}

/** A run of this session is over. */
export function releaseOf(state: LaneState, sessionKey: string): LaneState {
  const name = laneOf(sessionKey);
  const lane = state[name];
  return { ...state, [name]: { ...lane, running: Math.max(0, lane.running - 1) } };
}
