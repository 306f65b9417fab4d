import { type ClientClock, systemClock } from "../clock.ts";
import type { NodeLog } from "../log.ts";
import { plain } from "./connection-words.ts";
import { ExitCode, NodeServiceError } from "./exit-codes.ts";
import { chooseGateway, gatewayOfUrl } from "./gateway-choice.ts";
import { joinGateway, setupCodeIn } from "./join-node.ts";
import { type NodeFlags, parseNodeFlags } from "./node-flags.ts";
import { nodeHelp } from "./node-help.ts";
import { asOnlyNode } from "./node-lock.ts";
import { type NodePaths, nodePaths } from "./node-paths.ts";
import type { NodeServiceHost, NodeSurroundings } from "./node-service-host.ts";
import { type NodeSettings, readNodeSettings, writeNodeSettings } from "./node-settings.ts";
import { tellStatus } from "./node-status.ts";
import { approvalsOf, openNode } from "./open-node.ts";
import { runNode } from "./run-node.ts";

/** What the commands share. */
interface Call {
  readonly flags: NodeFlags;
  readonly paths: NodePaths;
  readonly surroundings: NodeSurroundings;
  readonly host: NodeServiceHost;
  readonly clock: ClientClock;
  readonly log: NodeLog;
  /** Aborted when the process is told to stop. */
  readonly stopping: AbortSignal;
}

/**
 * Runs a command of a node: `run`, `join <setup code>` or `status`.
 * @returns the exit code. Never throws: what went wrong has been told by then.
 */
export async function runNodeService(words: readonly string[], host: NodeServiceHost): Promise<ExitCode> {
  const [command = "", ...rest] = words;
  const json = rest.includes("--json");
  try {
    if (command === "" || command === "help" || command === "--help" || command === "-h" || rest.includes("--help")) {
      host.stdout(nodeHelp(host.command));
      return ExitCode.Ok;
    }
    if (command === "--version" || command === "-v") {
      host.stdout(`${host.version}\n`);
      return ExitCode.Ok;
    }
    const act = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
    if (act === undefined)
      throw new NodeServiceError("USAGE", `there is no command "${plain(command)}"`, { exitCode: ExitCode.Usage });
    const flags = parseNodeFlags(rest);
    const stop = new AbortController();
    // From the start, so that a signal that comes early counts; a further one changes nothing.
    host.onStop(() => stop.abort());
    const surroundings = await host.surroundings({ profile: flags.profile, dev: flags.dev });
    return await act({
      flags,
      surroundings,
      paths: nodePaths(surroundings.stateDir),
      host,
      clock: systemClock,
      log: logOf(flags, host),
      stopping: stop.signal,
    });
  } catch (error) {
    return tell(error, host, json);
  }
}

const COMMANDS: Readonly<Record<string, (call: Call) => Promise<ExitCode>>> = { run, join, status };

async function run(call: Call): Promise<ExitCode> {
  const { flags, paths, surroundings, host, clock } = call;
  withoutArguments(flags);
  return asOnlyNode(paths.lockFile, clock, async () => {
    const saved = await readNodeSettings(paths.settingsFile);
    const choice = chooseGateway(flags, saved?.gateway, surroundings.gateway);
    const settings = settingsWith(flags, saved, choice.toSave);
    if (JSON.stringify(settings) !== JSON.stringify(saved)) await writeNodeSettings(paths.settingsFile, settings);
    const credentials = await surroundings.credentialsFor(choice.url);
    const node = await openNode({
      ...call,
      settings,
      credentials,
      url: choice.url,
      tlsFingerprint: choice.tlsFingerprint,
    });
    host.stderr(
      `${nameOf(settings, host)} (${node.nodeId.slice(0, 12)}) connects to ${choice.url}  (${choice.source}).\n`,
    );
    if (settings.gateway === undefined && choice.source === "default" && !credentials.token && !credentials.password)
      host.stderr(
        `It has joined no gateway yet. Make an invitation on the gateway (saltgate nodes invite), and join with that line here: ${host.command} join <line>\n`,
      );
    await runNode({ ...call, node, url: choice.url });
    return ExitCode.Ok;
  });
}

async function join(call: Call): Promise<ExitCode> {
  const { flags, paths, host, clock } = call;
  const isPiped = flags.positionals.length === 1 && flags.positionals[0] === "-";
  const code = setupCodeIn(isPiped ? await host.stdin() : flags.positionals.join(" "));
  const { url, bootstrapToken } = code;
  // An invitation that leads through a proxy names no certificate; whoever pastes it may know it all the same.
  const tlsFingerprint = code.tlsFingerprint ?? flags.tlsFingerprint;
  return asOnlyNode(paths.lockFile, clock, async () => {
    const saved = await readNodeSettings(paths.settingsFile);
    const gateway = {
      ...gatewayOfUrl(url, "the invitation's address"),
      ...(tlsFingerprint !== undefined && { tlsFingerprint }),
    };
    const settings = settingsWith(flags, saved, gateway);
    // The gateway's own secret is not shown: an invitation needs none, and may lead to another gateway (rule R-01).
    const node = await openNode({ ...call, settings, credentials: {}, url, tlsFingerprint, bootstrapToken });
    try {
      await joinGateway(node, url, host, call.stopping);
      await writeNodeSettings(paths.settingsFile, settings);
    } catch (error) {
      await node.close();
      throw error;
    }
    const name = nameOf(settings, host);
    if (flags.json && !flags.run)
      host.stdout(
        `${JSON.stringify({ ok: true, nodeId: node.nodeId, gateway: url, displayName: settings.displayName ?? host.hostname })}\n`,
      );
    host.stderr(`${name} (${node.nodeId.slice(0, 12)}) has joined ${url}.\n`);
    if (flags.run) await runNode({ ...call, node, url });
    else {
      await node.close();
      const { view } = await approvalsOf(paths).policyFor(null);
      const soFar = view.security === "deny" ? ", and that is nothing yet," : "";
      host.stderr(
        `Run it: ${host.command} run\nWhat may run here${soFar} you say on the gateway: saltgate approvals --help\n`,
      );
    }
    return ExitCode.Ok;
  });
}

async function status({ flags, paths, surroundings, host, clock }: Call): Promise<ExitCode> {
  withoutArguments(flags);
  return tellStatus(flags, paths, surroundings, host, clock);
}

function withoutArguments({ positionals }: NodeFlags): void {
  const [word] = positionals;
  if (word !== undefined)
    throw new NodeServiceError("USAGE", `"${plain(word)}" is one word too many`, { exitCode: ExitCode.Usage });
}

function settingsWith(
  flags: NodeFlags,
  saved: NodeSettings | undefined,
  gateway: NodeSettings["gateway"],
): NodeSettings {
  const displayName = flags.displayName ?? saved?.displayName;
  const known = gateway ?? saved?.gateway;
  return {
    version: 1,
    nodeId: flags.nodeId ?? saved?.nodeId ?? crypto.randomUUID(),
    ...(displayName !== undefined && { displayName }),
    ...(known !== undefined && { gateway: known }),
  };
}

function nameOf(settings: NodeSettings, host: NodeServiceHost): string {
  return `Node "${plain(settings.displayName ?? host.hostname)}"`;
}

/** Log lines for programs; without `--json` a person reads what matters on standard error. */
function logOf(flags: NodeFlags, host: NodeServiceHost): NodeLog {
  return (level, message, fields) => {
    if (flags.json)
      host.stdout(`${JSON.stringify({ level, time: new Date().toISOString(), msg: message, ...fields })}\n`);
    else if (level === "error") host.stderr(`${plain(message)}\n`);
  };
}

function tell(error: unknown, host: NodeServiceHost, json: boolean): ExitCode {
  const known = error instanceof NodeServiceError ? error : asServiceError(error);
  const { code, message, mend, exitCode } = known;
  const hint = mend ?? (exitCode === ExitCode.Usage ? `See: ${host.command} --help` : undefined);
  if (json)
    host.stdout(
      `${JSON.stringify({ ok: false, error: { code, message, ...(hint !== undefined && { mend: hint }) } })}\n`,
    );
  else {
    const line = plain(message);
    const start = /^\w+:\/\//.test(line) ? line.charAt(0) : line.charAt(0).toUpperCase(); // an address stays one
    host.stderr(`${start}${line.slice(1)}${/[.!?)]$/.test(line) ? "" : "."}\n`);
    if (hint !== undefined) host.stderr(`${hint}\n`);
  }
  return exitCode;
}

/** Errors of our own packages by the name of their class: which of them are loaded depends on the program around. */
function asServiceError(error: unknown): NodeServiceError {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && "code" in error ? String(error.code) : "INTERNAL";
  const kind = error instanceof Error ? error.name : "";
  const exitCode =
    kind === "ConfigError"
      ? code === "option"
        ? ExitCode.Usage
        : ExitCode.Config
      : kind === "IdentityFileError"
        ? ExitCode.Config
        : ExitCode.Failed;
  return new NodeServiceError(code, message.split("\n").slice(0, 5).join(" "), { exitCode, cause: error });
}
