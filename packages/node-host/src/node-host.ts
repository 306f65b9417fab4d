import { networkInterfaces } from "node:os";
import {
  type ClientClock,
  type ClientState,
  type DeviceIdentity,
  GatewayClient,
  type GatewayClientOptions,
  type HelloOk,
  type TokenStore,
} from "@saltgate/client";
import { systemClock } from "./clock.ts";
import { type Machine, readHostStats, thisMachine } from "./host-stats.ts";
import { type InvocationCounts, Invoker } from "./invoker.ts";
import type { InvocationJournal } from "./journal/invocation-journal.ts";
import { memoryJournal } from "./journal/memory-journal.ts";
import { INVOKE_LIMITS, type InvokeLimits } from "./limits.ts";
import { type NodeLog, silentLog } from "./log.ts";
import type { NodeCommand } from "./node-command.ts";
import { watchForWaking } from "./wake-watch.ts";

/** What a {@link NodeHost} is made with. */
export interface NodeHostOptions {
  /** The gateway, `ws://` or `wss://`. */
  readonly url: string;
  readonly token?: string | undefined;
  readonly password?: string | undefined;
  /** The one-time code of an invitation. */
  readonly bootstrapToken?: string | undefined;
  /** SHA-256 of the gateway's certificate, in hex. */
  readonly tlsFingerprint?: string | undefined;
  readonly allowInsecure?: boolean | undefined;
  /** The node is this key: whoever has it is the node. Its id is the node's. */
  readonly identity: DeviceIdentity;
  /** Where the node's token is kept. @default in memory */
  readonly tokenStore?: TokenStore | undefined;
  /** What the owner sees. @default nothing but its id */
  readonly displayName?: string | undefined;
  /** Stable for one installation. */
  readonly instanceId?: string | undefined;
  /** Version of the program. */
  readonly version: string;
  readonly platform?: string | undefined;
  readonly deviceFamily?: string | undefined;
  readonly modelIdentifier?: string | undefined;
  readonly commands: readonly NodeCommand[];
  /** What its system lets it do, as it says itself. */
  readonly permissions?: Readonly<Record<string, boolean>> | undefined;
  /** The PATH that commands see. */
  readonly pathEnv?: string | undefined;
  /** What was begun and what came of it. @default in memory, so repeats are recognised until the program ends */
  readonly journal?: InvocationJournal | undefined;
  readonly limits?: Partial<InvokeLimits> | undefined;
  /** How often to tell how the machine is, in milliseconds; 0 for never. @default 60_000 */
  readonly statsIntervalMs?: number | undefined;
  /** The disk to tell of is that of this folder. */
  readonly stateFolder?: string | undefined;
  /** How long running commands get when the node stops, in milliseconds. @default 5_000 */
  readonly stopGraceMs?: number | undefined;
  /** How long to wait after a refusal that only a person can mend, in milliseconds. @default 300_000 */
  readonly pausedRetryMs?: number | undefined;
  /** @default { minDelayMs: 1_000, maxDelayMs: 300_000 } */
  readonly reconnect?: GatewayClientOptions["reconnect"];
  readonly versions?: GatewayClientOptions["versions"];
  readonly log?: NodeLog | undefined;
  readonly clock?: ClientClock | undefined;
  /** 0 included to 1 excluded; for jitter only. */
  readonly random?: (() => number) | undefined;
  readonly machine?: Machine | undefined;
}

/** Says to gateways that a repeat with the same idempotency key is not run again. */
const IDEMPOTENT = "invoke.idempotent";

const SKILLS_FRESH_MS = 90_000;

/**
 * A headless node: connected to a gateway for as long as it lives, it runs the commands that it was given when it is
 * asked, each at most once per idempotency key, and answers. It comes back after every interruption.
 */
export class NodeHost {
  readonly nodeId: string;
  readonly #options: NodeHostOptions;
  readonly #client: GatewayClient;
  readonly #invoker: Invoker;
  readonly #journal: InvocationJournal;
  readonly #clock: ClientClock;
  readonly #log: NodeLog;
  #skills: { readonly bins: readonly string[]; readonly atMs: number } | undefined;
  #stopWatching: (() => void) | undefined;
  #stopStats: (() => void) | undefined;
  #stopPause: (() => void) | undefined;

  /** @throws {TypeError} when two commands have one name. @throws {ClientError} for an option that makes no sense. */
  constructor(options: NodeHostOptions) {
    const {
      identity,
      clock = systemClock,
      log = silentLog,
      journal = memoryJournal({ now: () => clock.now() }),
    } = options;
    this.nodeId = identity.deviceId;
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
    this.#journal = journal;
    const commands = byName(options.commands);
    this.#client = new GatewayClient({
      url: options.url,
      token: options.token,
      password: options.password,
      bootstrapToken: options.bootstrapToken,
      tlsFingerprint: options.tlsFingerprint,
      allowInsecure: options.allowInsecure,
      identity,
      tokenStore: options.tokenStore,
      role: "node",
      scopes: [],
      client: {
        id: "node-host",
        mode: "node",
        version: options.version,
        platform: options.platform ?? process.platform,
        displayName: options.displayName,
        deviceFamily: options.deviceFamily,
        modelIdentifier: options.modelIdentifier,
        instanceId: options.instanceId,
      },
      caps: [...new Set([...options.commands.map(({ cap }) => cap), IDEMPOTENT])],
      commands: [...commands.keys()],
      permissions: options.permissions,
      pathEnv: options.pathEnv,
      versions: options.versions,
      waitForApproval: true,
      // Up to minutes: an unreachable gateway must not empty a battery. What can be known ends the wait sooner.
      reconnect: options.reconnect ?? { minDelayMs: 1_000, maxDelayMs: 300_000 },
      clock,
      random: options.random,
    });
    this.#invoker = new Invoker({
      nodeId: this.nodeId,
      commands,
      send: (method, params) => this.#client.request(method, params as never),
      journal,
      limits: { ...INVOKE_LIMITS, ...options.limits },
      clock,
      log,
    });
    this.#client.onState((state) => this.#onState(state));
    this.#client.on("node.invoke.request", ({ payload }) => this.#invoker.handle(payload));
  }

  /** What the connection is doing. */
  get state(): ClientState {
    return this.#client.state;
  }

  get invocations(): InvocationCounts {
    return this.#invoker.counts;
  }

  /** Listens to what the connection is doing. The returned function ends it. */
  onState(listener: (state: ClientState) => void): () => void {
    return this.#client.onState(listener);
  }

  /**
   * Connects, and resolves with hello-ok: at once, or when the owner has approved the node. Rejects when only a person
   * can help; the node goes on trying now and then all the same, until it is closed.
   * @throws {ClientError | GatewayError}
   */
  connect(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<HelloOk> {
    this.#stopWatching ??= watchForWaking(this.#clock, networkNow, (sign) => {
      this.#log("info", sign === "slept" ? "the machine has slept" : "the network has changed");
      this.#client.check();
    });
    return this.#client.connect(options);
  }

  /**
   * Names of the programs that skills of the gateway need; asked for at most every 90 seconds. None while the gateway
   * can't be asked: what isn't known allows nothing.
   */
  async skillBins(): Promise<readonly string[]> {
    const atMs = this.#clock.now();
    if (this.#skills !== undefined && Math.abs(atMs - this.#skills.atMs) < SKILLS_FRESH_MS) return this.#skills.bins;
    try {
      const { bins } = await this.#client.request("skills.bins", {});
      this.#skills = { bins, atMs };
      return bins;
    } catch {
      return [];
    }
  }

  /** Tries again now, for "the network is back" and "the owner has approved". */
  resume(): void {
    this.#client.check();
  }

  /** Ends what runs, and the connection, for good. */
  async close(): Promise<void> {
    this.#stopWatching?.();
    this.#stopPause?.();
    this.#stopStats?.();
    await this.#invoker.stop(this.#options.stopGraceMs ?? 5_000);
    await this.#client.close();
    await this.#journal.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #onState(state: ClientState): void {
    this.#stopPause?.();
    if (state.status === "connected") {
      const { hello } = state;
      this.#invoker.connected({ maxPayloadBytes: hello.policy.maxPayload, protocol: hello.protocol });
      void this.#tellStats();
      return;
    }
    this.#stopStats?.();
    this.#invoker.disconnected();
    // A wrong secret or a revoked token may be mended on the other side, where nobody can reach this machine.
    if (state.status === "paused")
      this.#stopPause = this.#clock.after(this.#options.pausedRetryMs ?? 300_000, () => this.#client.resume());
  }

  /** Tells the gateway how this machine is, now and every interval for as long as the connection holds. */
  async #tellStats(): Promise<void> {
    const { statsIntervalMs = 60_000, machine = thisMachine, stateFolder } = this.#options;
    if (statsIntervalMs === 0) return;
    const stats = await readHostStats(machine, this.#clock.now(), stateFolder);
    const host = { ...stats, runningCommands: this.#invoker.counts.running };
    const payloadJSON = JSON.stringify({ host });
    // A gateway that knows no such event answers all the same; without a connection there is nobody to tell.
    await this.#client.request("node.event", { event: "node.presence.alive", payloadJSON }).catch(() => {});
    if (this.#client.state.status !== "connected") return;
    this.#stopStats?.();
    this.#stopStats = this.#clock.after(statsIntervalMs, () => void this.#tellStats());
  }
}

/** Starts a node: it connects in the background. @throws what the constructor of {@link NodeHost} throws. */
export function startNodeHost(options: NodeHostOptions): NodeHost {
  const host = new NodeHost(options);
  host.connect().catch(() => {}); // told by its state
  return host;
}

function byName(commands: readonly NodeCommand[]): ReadonlyMap<string, NodeCommand> {
  const named = new Map<string, NodeCommand>();
  for (const command of commands) {
    if (named.has(command.name)) throw new TypeError(`there are two commands called ${command.name}`);
    named.set(command.name, command);
  }
  return named;
}

/** The addresses of this machine, as one text to compare. */
function networkNow(): string {
  return Object.entries(networkInterfaces())
    .flatMap(([name, addresses]) =>
      (addresses ?? []).filter(({ internal }) => !internal).map(({ address }) => `${name} ${address}`),
    )
    .sort()
    .join();
}
