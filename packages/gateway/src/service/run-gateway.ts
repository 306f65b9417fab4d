import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInProcessBus } from "@saltgate/bus";
import {
  ConfigError,
  editConfig,
  type LoadedConfig,
  loadWithLastGood,
  movedGroupChanges,
  resolveStatePaths,
  type StatePaths,
  secretsOf,
} from "@saltgate/config";
import { nativeEngine } from "@saltgate/identity/node";
import { FileStore, StoreError } from "@saltgate/store";
import { systemClock } from "../clock.ts";
import { startGateway } from "../gateway.ts";
import { openGatewayState } from "../gateway-state.ts";
import { loggable } from "../logging/logger.ts";
import { AgentFolders } from "./agent-folders.ts";
import { agentSettingsOf } from "./agent-settings.ts";
import { announce } from "./announce.ts";
import { ExitCode, StartError } from "./exit-codes.ts";
import { newSharedSecret, writeFirstConfig } from "./first-start.ts";
import { forgetCredentials } from "./forget-credentials.ts";
import { type GatewayFlags, parseGatewayFlags } from "./gateway-flags.ts";
import { LogRedactor } from "./log-redactor.ts";
import { createLogSink } from "./log-sink.ts";
import { ownAddresses, thisMachine } from "./machine.ts";
import { modelBackends } from "./model-backends.ts";
import { type ImportPackage, loadChannels } from "./optional-packages.ts";
import { type Order, type Orders, takeOrders } from "./orders.ts";
import { planStart, type StartPlan } from "./start-plan.ts";
import { withStateLock } from "./state-lock.ts";
import { createTailscaleWhois } from "./tailscale-whois.ts";
import { loadTls, type TlsMaterial } from "./tls-files.ts";
import { toolRulesOf } from "./tool-rules.ts";

/** When a restarted gateway expects to be back, as it tells its clients. */
const RESTART_EXPECTED_MS = 1_500;
const STOP_DRAIN_MS = 5_000;

/** The process that a gateway runs in, as far as the gateway needs it. */
export interface HostProcess {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homedir: string;
  readonly cwd: string;
  /** Log lines. */
  readonly stdout: (text: string) => void;
  /** Words for the person who started it. */
  readonly stderr: (text: string) => void;
  /** Whether a person reads the log lines. */
  readonly readable: boolean;
  /** Calls back for each signal; returns how to stop that. */
  readonly onSignal: (listener: (order: Order) => void) => () => void;
  readonly version: string;
  /** Imports a package that is installed beside the gateway: channels and backends. */
  readonly importPackage: ImportPackage;
}

/**
 * Runs a gateway until it is told to stop.
 * @param words what came after `saltgate gateway`.
 * @returns the exit code. Never throws: why it could not start has been told by then.
 */
export async function runGateway(words: readonly string[], host: HostProcess): Promise<ExitCode> {
  try {
    const flags = parseGatewayFlags(words);
    const paths = resolveStatePaths({
      env: host.env,
      homedir: host.homedir,
      cwd: host.cwd,
      exists: existsSync,
      ...(flags.profile !== undefined && { profile: flags.profile }),
      dev: flags.dev,
    });
    const orders = takeOrders(host.onSignal);
    try {
      return await withStateLock(paths.lockFile, flags.force, systemClock, async () => {
        while (!orders.stopping.aborted) await runOnce(flags, paths, host, orders);
        return ExitCode.Ok;
      });
    } finally {
      orders.close();
    }
  } catch (error) {
    const { message, mend, exitCode } = asStartError(error);
    // It may repeat words of the command line or of a file, and people read it on a terminal.
    const words = `Gateway failed to start: ${message}\n${mend}`.split("\n").map((line) => loggable(line));
    host.stderr(`${words.join("\n")}\n`);
    return exitCode;
  }
}

function asStartError(error: unknown): StartError {
  if (error instanceof StartError) return error;
  if (error instanceof ConfigError) {
    const isUsage = error.code === "option";
    return new StartError(error.message, "Correct it, then start again.", isUsage ? ExitCode.Usage : ExitCode.Config);
  }
  if (error instanceof StoreError) return new StartError(error.message, "Nothing was changed.");
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE")
    return new StartError(
      `${message}`,
      "Another program listens there. Stop it, or choose another port: --port <port>.",
    );
  if (code === "EACCES" || code === "EADDRNOTAVAIL")
    return new StartError(message, "Choose another port or address: --port, --bind.");
  return new StartError(message, "Nothing was changed. Try again with --verbose.", ExitCode.Failed, { cause: error });
}

async function loadForStart(
  flags: GatewayFlags,
  paths: StatePaths,
  host: HostProcess,
): Promise<LoadedConfig & { readonly isFirst: boolean }> {
  const options = { path: paths.configFile, env: host.env };
  const isFirst =
    !existsSync(paths.configFile) && !flags.allowUnconfigured && (await writeFirstConfig(paths, host.env));
  return { ...(await loadWithLastGood(options)), isFirst };
}

/** Runs one gateway, until it is told to stop or to restart. */
async function runOnce(flags: GatewayFlags, paths: StatePaths, host: HostProcess, orders: Orders): Promise<void> {
  orders.begin();
  const loaded = await loadForStart(flags, paths, host);
  const { config } = loaded;
  const hasNoFile = loaded.source === "defaults";
  const plan = planStart({
    flags,
    config,
    written: loaded.written,
    env: host.env,
    defaultPort: paths.defaultPort,
    ownAddresses: ownAddresses(),
    ephemeralSecret: hasNoFile ? newSharedSecret() : undefined,
  });
  const redactor = new LogRedactor(config.logging.redactPatterns.map((pattern) => new RegExp(pattern, "g")));
  redactor.know([
    ...secretsOf(config),
    ...(plan.secret.mode === "token" ? [plan.secret.token ?? ""] : [plan.secret.password ?? ""]),
  ]);
  const sink = createLogSink({
    redactor,
    consoleLevel: flags.verbose ? "debug" : config.logging.consoleLevel,
    console: host.stdout,
    readable: host.readable && !flags.json,
    fileLevel: config.logging.level,
    file: config.logging.file ?? join(paths.logsDir, `saltgate-${new Date().toISOString().slice(0, 10)}.log`),
  });
  try {
    const tls = plan.tls
      ? await loadTls(
          config.gateway.tls,
          paths,
          { hostName: thisMachine("", Date.now).hostName, addresses: ownAddresses() },
          Date.now(),
        )
      : undefined;
    await serve({ paths, host, orders, loaded, plan, tls, redactor, logger: sink.logger });
  } finally {
    sink.close();
  }
}

interface Serving {
  readonly paths: StatePaths;
  readonly host: HostProcess;
  readonly orders: Orders;
  readonly loaded: LoadedConfig & { readonly isFirst: boolean };
  readonly plan: StartPlan;
  readonly tls: TlsMaterial | undefined;
  readonly redactor: LogRedactor;
  readonly logger: ReturnType<typeof createLogSink>["logger"];
}

async function serve({ paths, host, orders, loaded, plan, tls, redactor, logger }: Serving): Promise<void> {
  const { config } = loaded;
  const bus = createInProcessBus({
    onError: (error, subject) => logger.error({ err: error, subject }, "a listener failed"),
  });
  const store = new FileStore({ directory: paths.stateDir });
  const importPackage = host.importPackage;
  const backends = modelBackends(config, host.env, importPackage);
  const settings = agentSettingsOf(config, { stateDir: paths.stateDir, homedir: host.homedir });
  const folders = new AgentFolders(settings);
  const toolRules = toolRulesOf(config);
  const channels = await loadChannels(config, host.env, importPackage);
  redactor.know(channels.installed.flatMap(({ accounts }) => accounts.flatMap(({ secrets }) => secrets?.() ?? [])));
  const state = await openGatewayState({
    store,
    bus,
    databaseFile: paths.databaseFile,
    conversation: {
      mediaDir: join(paths.stateDir, "media"),
      channels,
      settings: () => settings,
      rules: () => ({
        owners: config.commands.ownerAllowFrom,
        useAccessGroups: config.commands.useAccessGroups,
        debounceMs: () => 0,
        mentionPatterns: () => {
          const { mentionPatterns } = config.messages.groupChat;
          return mentionPatterns.length === 0 ? undefined : mentionPatterns;
        },
      }),
      backends,
      toolRules: () => toolRules,
      toolHost: { env: host.env, homedir: host.homedir, platform: process.platform },
      workspaceFiles: (agentId) => folders.promptFiles(agentId),
      workspaceFile: (agentId, path) => folders.file(agentId, path),
      groupMoved: async (channel, from, to) => {
        if (loaded.source !== "file" || config.channels.telegram.configWrites === false) return false;
        const move = (written: unknown) => movedGroupChanges(written, channel, from, to);
        return (await editConfig(paths.configFile, move, { env: host.env })).changed;
      },
      forgetCredentials: (channel, accountId) => forgetCredentials(paths.configFile, host.env, channel, accountId),
      profile: paths.profile,
    },
    approvalsFile: paths.execApprovalsFile,
    commandRules: () => config.gateway.nodes,
    approvalTimeoutMs: () => config.gateway.approvals.timeoutMs,
    deviceTokenTtlMs: config.gateway.auth.deviceTokenTtlMs,
    logger,
  });
  const problems = [...loaded.problems.map(({ message }) => message), ...state.problems];
  try {
    const gateway = await startGateway({
      listen: { port: plan.port, required: plan.required, optional: plan.optional, tls },
      auth: {
        secret: plan.secret,
        localWithoutDevice: config.gateway.auth.localWithoutDevice,
        allowTailscale: config.gateway.auth.allowTailscale,
        rateLimit: config.gateway.auth.rateLimit,
        trustedProxies: config.gateway.trustedProxies,
        allowedOrigins: config.gateway.controlUi.allowedOrigins,
      },
      limits: plan.limits,
      machine: thisMachine(host.version, Date.now),
      pairing: state.pairing,
      invites: state.invites,
      nodes: state.nodes,
      approvals: state.approvals,
      conversation: state.conversation,
      tlsFingerprint: tls?.fingerprint,
      bus,
      engine: nativeEngine,
      clock: systemClock,
      logger,
      newId: () => crypto.randomUUID(),
      version: host.version,
      paths: { configPath: paths.configFile, stateDir: paths.stateDir },
      whois: createTailscaleWhois(Date.now),
      problems: () => problems,
    });
    announce({ gateway, problems, loaded, plan, tls, paths, logger, say: host.stderr });
    const ending = await orders.next();
    await gateway.stop(
      ending === "restart"
        ? {
            reason: "gateway restarting",
            restartExpectedMs: RESTART_EXPECTED_MS,
            drainTimeoutMs: config.gateway.restart.drainTimeoutMs,
            // Who is told to stop while it waits for running work doesn't go on waiting.
            hurry: orders.stopping,
          }
        : { reason: "gateway stopping", drainTimeoutMs: STOP_DRAIN_MS },
    );
    logger.info({}, ending === "restart" && !orders.stopping.aborted ? "restarting" : "stopped");
  } finally {
    await state.close();
    await backends.close();
    await bus.close();
    await store.close();
  }
}
