/** Which runs share a limit. */
export type LaneName = "main" | "subagent" | "cron";

/** The lane of a session. */
export function laneOf(sessionKey: string): LaneName {
  const place = sessionKey.split(":")[2];
  return place === "subagent" || place === "cron" ? place : "main";
}

/** Who runs and who waits among the sessions. */
export interface LaneState {
  readonly running: Readonly<Record<LaneName, number>>;
  /** Sessions that asked, in their order. */
  readonly asking: readonly string[];
}

/** Nobody runs. */
export const emptyLanes: LaneState = { running: { main: 0, subagent: 0, cron: 0 }, asking: [] };

/**
 * The next session whose turn it is: the first that asked, of a lane with room.
 * @returns the state in which it runs, and its key; `undefined` when nobody can
 */
export function nextOf(
  state: LaneState,
  limits: Readonly<Record<LaneName, number>>,
): { readonly state: LaneState; readonly sessionKey: string } | undefined {
  const sessionKey = state.asking.find((key) => state.running[laneOf(key)] < limits[laneOf(key)]);
  if (sessionKey === undefined) return undefined;
  const lane = laneOf(sessionKey);
  return {
    sessionKey,
    state: {
      running: { ...state.running, [lane]: state.running[lane] + 1 },
      asking: state.asking.filter((key) => key !== sessionKey),
    },
  };
}

/** A run of this session is over. */
export function releaseOf(state: LaneState, sessionKey: string): LaneState {
  const lane = laneOf(sessionKey);
  return { ...state, running: { ...state.running, [lane]: Math.max(0, state.running[lane] - 1) } };
}
