import { arch, platform } from "node:os";
import type { ClientClock } from "@saltgate/client";
import { fileTokenStore } from "@saltgate/client/node";
import { ExecApprovalsFile, execApprovalsPath } from "@saltgate/exec-policy";
import { loadOrCreateDeviceIdentity } from "@saltgate/identity/node";
import { openFileJournal } from "../journal/file-journal.ts";
import type { NodeLog } from "../log.ts";
import { NodeHost } from "../node-host.ts";
import { systemCommands } from "../system/system-commands.ts";
import type { NodePaths } from "./node-paths.ts";
import type { NodeCredentials, NodeServiceHost } from "./node-service-host.ts";
import type { NodeSettings } from "./node-settings.ts";

/** What a node of this machine is made of. */
export interface NodeToOpen {
  readonly paths: NodePaths;
  readonly settings: NodeSettings;
  readonly url: string;
  readonly tlsFingerprint: string | undefined;
  readonly credentials: NodeCredentials;
  readonly bootstrapToken?: string | undefined;
  readonly host: NodeServiceHost;
  readonly clock: ClientClock;
  readonly log: NodeLog;
}

const FAMILIES: Readonly<Record<string, string>> = { darwin: "Mac", win32: "Windows", linux: "Linux" };

/** The approvals file of this machine's state. */
export function approvalsOf(paths: NodePaths): ExecApprovalsFile {
  return new ExecApprovalsFile({ path: execApprovalsPath(paths.stateDir) });
}

/** The node of this machine, with its key, tokens, journal and approvals in the state folder. Not yet connected. */
export async function openNode(wanted: NodeToOpen): Promise<NodeHost> {
  const { paths, settings, host, credentials, clock, log } = wanted;
  const identity = await loadOrCreateDeviceIdentity(paths.identityFile, { now: () => clock.now() });
  const journal = await openFileJournal(paths.journalFile, { now: () => clock.now(), log });
  const approvals = approvalsOf(paths);
  let node: NodeHost | undefined;
  const skillBins = async (): Promise<readonly string[]> => (await node?.skillBins()) ?? [];
  node = new NodeHost({
    url: wanted.url,
    tlsFingerprint: wanted.tlsFingerprint ?? credentials.tlsFingerprint,
    token: credentials.token,
    password: credentials.password,
    bootstrapToken: wanted.bootstrapToken,
    identity,
    tokenStore: fileTokenStore(paths.tokensFile),
    displayName: settings.displayName ?? host.hostname,
    instanceId: settings.nodeId,
    version: host.version,
    deviceFamily: FAMILIES[platform()],
    modelIdentifier: arch(),
    pathEnv: host.env["PATH"]?.slice(0, 8_192),
    commands: systemCommands({ approvals, skillBins, env: host.env, homedir: host.homedir, clock }),
    journal,
    stateFolder: paths.stateDir,
    clock,
    log,
  });
  return node;
}
