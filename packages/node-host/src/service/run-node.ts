import type { ClientClock, ClientState } from "@saltgate/client";
import type { NodeLog } from "../log.ts";
import type { NodeHost } from "../node-host.ts";
import { connectionWords } from "./connection-words.ts";
import type { NodePaths } from "./node-paths.ts";
import type { NodeServiceHost } from "./node-service-host.ts";
import { StatusFile, statusOfState } from "./status-file.ts";

/** How often the counts in the status file are brought up to date, in milliseconds. */
const REFRESH_MS = 60_000;

/** What a node runs with. */
export interface Running {
  readonly node: NodeHost;
  readonly url: string;
  readonly paths: NodePaths;
  readonly host: NodeServiceHost;
  readonly clock: ClientClock;
  readonly log: NodeLog;
  /** Aborted when the process is told to stop. */
  readonly stopping: AbortSignal;
}

/** Runs a node until the process is told to stop. Says what the connection does, once for each thing that is new. */
export async function runNode({ node, url, paths, host, clock, log, stopping }: Running): Promise<void> {
  const startedAtMs = clock.now();
  let sinceMs = startedAtMs;
  let said: string | undefined;
  const file = new StatusFile(paths.statusFile, (error) =>
    log("warn", "the status file could not be written", { reason: (error as Error).message }),
  );
  const write = (): void =>
    file.write({
      version: 1,
      pid: process.pid,
      nodeId: node.nodeId,
      startedAtMs,
      updatedAtMs: clock.now(),
      gatewayUrl: url,
      sinceMs,
      ...statusOfState(node.state),
      invocations: node.invocations,
    });
  const onState = (state: ClientState): void => {
    sinceMs = clock.now();
    const words = connectionWords(state, url);
    if (words !== undefined && words !== said) host.stderr(`${words}\n`);
    said = words ?? said;
    if (state.status !== "connecting") {
      log("info", "connection", { ...statusOfState(state), url });
      write();
    }
  };
  const stopStates = node.onState(onState);
  if (node.state.status !== "idle") onState(node.state);
  let stopRefreshing = (): void => {};
  const refresh = (): void => {
    write();
    stopRefreshing = clock.after(REFRESH_MS, refresh);
  };
  stopRefreshing = clock.after(REFRESH_MS, refresh);
  const stopped = new Promise<void>((resolve) => {
    stopping.addEventListener("abort", () => resolve(), { once: true });
    if (stopping.aborted) resolve();
  });
  node.connect().catch(() => {}); // its state tells
  await stopped;
  stopRefreshing();
  await node.close();
  stopStates();
  write();
  await file.flush();
}
