import { join } from "node:path";

/** Where a node's state lies: all of it in the state folder, so that two profiles share nothing (rule R-58). */
export interface NodePaths {
  readonly stateDir: string;
  /** Which gateway, and as what. No secrets. */
  readonly settingsFile: string;
  readonly folder: string;
  /** The node's own key: not the command's, so that each can be revoked without the other. */
  readonly identityFile: string;
  readonly tokensFile: string;
  readonly journalFile: string;
  readonly statusFile: string;
  /** Held while a node runs on this state. */
  readonly lockFile: string;
}

export function nodePaths(stateDir: string): NodePaths {
  const folder = join(stateDir, "node");
  return {
    stateDir,
    settingsFile: join(stateDir, "node.json"),
    folder,
    identityFile: join(folder, "device.json"),
    tokensFile: join(folder, "device-auth.json"),
    journalFile: join(folder, "journal.jsonl"),
    statusFile: join(folder, "status.json"),
    lockFile: join(folder, "node.lock"),
  };
}
