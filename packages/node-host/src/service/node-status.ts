import { readFile } from "node:fs/promises";
import type { ClientClock } from "@saltgate/client";
import type { ExecPolicyView } from "@saltgate/protocol";
import type { ExitCode } from "./exit-codes.ts";
import { ExitCode as Exit } from "./exit-codes.ts";
import { chooseGateway } from "./gateway-choice.ts";
import type { NodeFlags } from "./node-flags.ts";
import { livingNode } from "./node-lock.ts";
import type { NodePaths } from "./node-paths.ts";
import type { NodeServiceHost, NodeSurroundings } from "./node-service-host.ts";
import { readNodeSettings } from "./node-settings.ts";
import { approvalsOf } from "./open-node.ts";
import { readStatus } from "./status-file.ts";

/** What `status` answers. */
interface Report {
  readonly running: boolean;
  readonly pid: number | null;
  readonly connection: string;
  readonly gateway: string;
  readonly gatewayFrom: string;
  readonly nodeId: string | null;
  readonly displayName: string;
  readonly requestId: string | null;
  readonly approve: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly policy: ExecPolicyView;
  readonly invocations: object | null;
  readonly stateDir: string;
  readonly stateDirFrom: string;
}

/** Says whether a node runs here, how it stands with its gateway, and what it would run. */
export async function tellStatus(
  flags: NodeFlags,
  paths: NodePaths,
  surroundings: NodeSurroundings,
  host: NodeServiceHost,
  clock: ClientClock,
): Promise<ExitCode> {
  const [holder, status, settings, approvals] = await Promise.all([
    livingNode(paths.lockFile, clock),
    readStatus(paths.statusFile),
    readNodeSettings(paths.settingsFile),
    approvalsOf(paths).policyFor(null),
  ]);
  const running = holder !== undefined;
  const current = running && status?.pid === holder.pid ? status : undefined;
  const choice = chooseGateway(flags, settings?.gateway, surroundings.gateway);
  const report: Report = {
    running,
    pid: holder?.pid ?? null,
    connection: current?.connection ?? (running ? "starting" : "not running"),
    gateway: current?.gatewayUrl ?? choice.url,
    gatewayFrom: choice.source,
    nodeId: status?.nodeId ?? (await deviceIdIn(paths.identityFile)) ?? null,
    displayName: settings?.displayName ?? host.hostname,
    requestId: current?.requestId ?? null,
    approve: current?.approve ?? null,
    error: current?.error ?? null,
    policy: approvals.view,
    invocations: status?.invocations ?? null,
    stateDir: paths.stateDir,
    stateDirFrom: surroundings.stateDirSource,
  };
  host.stdout(flags.json ? `${JSON.stringify(report, null, 2)}\n` : wordsOf(report, host.command));
  return running ? Exit.Ok : Exit.Unreachable;
}

function wordsOf(report: Report, command: string): string {
  const { policy, invocations, error } = report;
  const counts = invocations as { succeeded: number; failed: number; running: number } | null;
  const rows: readonly (readonly [string, string] | false)[] = [
    ["Node", report.running ? `running, process ${report.pid}` : `not running  (${command} run)`],
    ["Name", `${report.displayName}${report.nodeId === null ? "" : `  (${report.nodeId.slice(0, 12)})`}`],
    ["Gateway", `${report.gateway}  (${report.gatewayFrom})`],
    ["Connection", report.connection],
    report.approve !== null && ["To let it in", `on the machine of the gateway: ${report.approve}`],
    error !== null && ["Problem", error.message],
    [
      "Commands",
      `security ${policy.security}, ask ${policy.ask}${policy.security === "deny" ? ": nothing is run" : ""}`,
    ],
    policy.problem !== undefined && ["Problem", policy.problem],
    counts !== null && [
      "Invocations",
      `${counts.succeeded} succeeded, ${counts.failed} refused or failed, ${counts.running} running`,
    ],
    ["State", `${report.stateDir}  (${report.stateDirFrom})`],
  ];
  return rows
    .filter((row) => row !== false)
    .map(([key, text]) => `${key.padEnd(13)} ${text}\n`)
    .join("");
}

/** The id in a key file, without making one. */
async function deviceIdIn(file: string): Promise<string | undefined> {
  try {
    const { deviceId } = JSON.parse(await readFile(file, "utf8")) as { deviceId?: unknown };
    return typeof deviceId === "string" ? deviceId : undefined;
  } catch {
    return undefined; // no node was ever run here
  }
}
