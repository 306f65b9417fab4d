import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInProcessBus } from "@saltgate/bus";
import { createDeviceIdentity, type DeviceIdentity, signConnect } from "@saltgate/identity";
import { nativeEngine } from "@saltgate/identity/node";
import type { EventFrame, ResponseFrame } from "@saltgate/protocol";
import { type DocumentStore, MemoryStore } from "@saltgate/store";
import { WebSocket } from "ws";
import {
  type Clock,
  defaultGatewayAuth,
  defaultGatewayLimits,
  type Gateway,
  type GatewayOptions,
  type GatewayStateOptions,
  openGatewayState,
  type PairingPort,
  silentLogger,
  startGateway,
  systemClock,
} from "../../src/index.ts";

/** The shared secret of every gateway that a test starts. */
export const TOKEN = "t0ken-of-the-test-gateway-t0ken-of-the-test";

/** What a test may choose; everything else is as a first start would have it, on a free loopback port. */
export interface WorldOptions {
  readonly auth?: Partial<GatewayOptions["auth"]>;
  readonly limits?: Partial<GatewayOptions["limits"]>;
  readonly whois?: GatewayOptions["whois"];
  readonly logger?: GatewayOptions["logger"];
  /** Pairing that the gateway gets instead of the one over the memory store. */
  readonly pairing?: GatewayOptions["pairing"];
  readonly now?: () => number;
  /** What the configuration says about commands of nodes. */
  readonly commandRules?: { readonly allowCommands: readonly string[]; readonly denyCommands: readonly string[] };
  readonly skillBins?: readonly string[];
  /** Where state lies; several gateways, one after another, may have the same. */
  readonly store?: DocumentStore;
  /** Where conversations lie; several gateways, one after another, may have the same. */
  readonly databaseFile?: string;
  readonly conversation?: GatewayStateOptions["conversation"];
  /** Time, instead of the machine's with {@link WorldOptions.now}. */
  readonly clock?: Clock;
}

/** A gateway over stores in memory, with what a test needs to talk to it. */
export interface World extends AsyncDisposable {
  readonly gateway: Gateway;
  readonly pairing: PairingPort;
  /** Sessions, senders, and what is on its way. */
  readonly conversation: GatewayOptions["conversation"];
  readonly url: string;
  /** Opens a socket; `headers` override those of an ordinary client. */
  dial(headers?: Record<string, string>, path?: string): Wire;
  /** The ids of the requests that wait for the owner. */
  pendingIds(): Promise<string[]>;
}

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const store = options.store ?? new MemoryStore();
  const folder = await mkdtemp(join(tmpdir(), "saltgate-gateway-"));
  const bus = createInProcessBus();
  const now = options.clock?.now ?? options.now;
  const state = await openGatewayState({
    store,
    bus,
    approvalsFile: join(folder, "exec-approvals.json"),
    ...(options.commandRules && {
      commandRules: () => options.commandRules ?? { allowCommands: [], denyCommands: [] },
    }),
    ...(options.skillBins && { skillBins: () => options.skillBins ?? [] }),
    ...(options.databaseFile && { databaseFile: options.databaseFile }),
    ...(options.conversation && { conversation: options.conversation }),
    ...(now && { now }),
  });
  const gateway = await startGateway({
    listen: { port: 0, required: ["127.0.0.1"], optional: [], tls: undefined },
    auth: { ...defaultGatewayAuth({ mode: "token", token: TOKEN }), ...options.auth },
    limits: { ...defaultGatewayLimits, ...options.limits },
    machine: {
      hostName: "harbor",
      ownAddresses: () => ["127.0.0.1"],
      presence: () => ({ host: "harbor", mode: "gateway", reason: "self", text: "Gateway: harbor", ts: Date.now() }),
    },
    pairing: options.pairing ?? state.pairing,
    invites: state.invites,
    nodes: state.nodes,
    approvals: state.approvals,
    conversation: state.conversation,
    bus,
    engine: nativeEngine,
    clock: options.clock ?? (options.now ? { ...systemClock, now: options.now } : systemClock),
    logger: options.logger ?? silentLogger,
    newId: () => crypto.randomUUID(),
    version: "1.2.3",
    paths: { configPath: "/state/saltgate.json", stateDir: "/state" },
    ...(options.whois && { whois: options.whois }),
  });
  const url = `ws://127.0.0.1:${gateway.port}`;
  const wires = new Set<Wire>();
  return {
    gateway,
    pairing: state.pairing,
    conversation: state.conversation,
    url,
    dial(headers, path = "/") {
      const wire = new Wire(`${url}${path}`, headers);
      wires.add(wire);
      return wire;
    },
    async pendingIds() {
      return (await state.pairing.list()).pending.map(({ requestId }) => requestId);
    },
    async [Symbol.asyncDispose]() {
      for (const wire of wires) wire.hangUp();
      await gateway.stop({ drainTimeoutMs: 0 });
      await state.close();
      await bus.close();
      if (options.store === undefined) await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

type Frame = ResponseFrame | EventFrame;

/** The bare wire: what comes in is kept in order, and can be waited for. */
export class Wire {
  readonly frames: Frame[] = [];
  readonly texts: string[] = [];
  readonly socket: WebSocket;
  closed: { code: number; reason: string } | undefined;
  /** Status of the HTTP answer when the upgrade was refused. */
  refusedStatus: number | undefined;
  refusedBody = "";
  #wake: (() => void)[] = [];
  #requests = 0;

  constructor(url: string, headers: Record<string, string> = {}) {
    this.socket = new WebSocket(url, { headers, perMessageDeflate: false });
    this.socket.on("message", (data, isBinary) => {
      if (isBinary) throw new Error("the gateway sends text frames only");
      this.texts.push(String(data));
      this.frames.push(JSON.parse(String(data)));
      this.#changed();
    });
    this.socket.on("unexpected-response", (_request, response) => {
      this.refusedStatus = response.statusCode;
      response.on("data", (chunk) => {
        this.refusedBody += String(chunk);
      });
      response.on("end", () => this.#changed());
    });
    this.socket.on("close", (code, reason) => {
      this.closed = { code, reason: String(reason) };
      this.#changed();
    });
    this.socket.on("error", () => this.#changed());
  }

  #changed(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }

  /** Waits until `look` finds something. Ends when the socket has closed and nothing was found. */
  async until<T>(look: () => T | undefined): Promise<T> {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (this.closed !== undefined)
        throw new Error(
          `the socket closed with ${this.closed.code} ${this.closed.reason} after ${JSON.stringify(this.frames)}`,
        );
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  /** Waits for an event. */
  event(name: string, matches: (payload: never) => boolean = () => true): Promise<EventFrame> {
    return this.until(() =>
      this.frames.find(
        (frame): frame is EventFrame =>
          frame.type === "event" && frame.event === name && matches(frame.payload as never),
      ),
    );
  }

  response(id: string): Promise<ResponseFrame> {
    return this.until(() =>
      this.frames.find((frame): frame is ResponseFrame => frame.type === "res" && frame.id === id),
    );
  }

  async end(): Promise<{ code: number; reason: string }> {
    return this.closed ?? (await new Promise<void>((resolve) => this.#wake.push(resolve)).then(() => this.end()));
  }

  /** Waits for the HTTP answer that refused the upgrade. */
  async refused(): Promise<number> {
    while (this.refusedStatus === undefined || this.refusedBody === "")
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    return this.refusedStatus;
  }

  send(frame: unknown): void {
    this.socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  }

  /** Sends a request and waits for its answer. */
  async request(method: string, params?: unknown): Promise<ResponseFrame> {
    this.#requests += 1;
    const id = `r${this.#requests}`;
    this.send({ type: "req", id, method, params });
    return this.response(id);
  }

  async nonce(): Promise<string> {
    const { payload } = await this.event("connect.challenge");
    return (payload as { nonce: string }).nonce;
  }

  /** Sends `connect` after the challenge and waits for its answer. */
  async connect(params: ConnectChoice = {}): Promise<ResponseFrame> {
    const nonce = await this.nonce();
    this.send({ type: "req", id: "c", method: "connect", params: await connectParams(nonce, params) });
    return this.response("c");
  }

  hangUp(): void {
    this.socket.terminate();
  }
}

/** What a connect request may say differently from an ordinary one. */
export interface ConnectChoice {
  readonly version?: number;
  readonly minProtocol?: number;
  readonly maxProtocol?: number;
  readonly client?: Record<string, unknown>;
  readonly role?: string;
  readonly scopes?: readonly string[];
  readonly caps?: readonly string[];
  readonly commands?: readonly string[];
  readonly auth?: Record<string, string>;
  readonly device?: DeviceIdentity;
  /** Version of the signed text. */
  readonly payload?: "v1" | "v2" | "v3";
  readonly signedAtMs?: number;
  /** Changes the finished device object, e.g. to break it. */
  readonly tamper?: (device: Record<string, unknown>) => Record<string, unknown>;
}

export function newDevice(): Promise<DeviceIdentity> {
  return createDeviceIdentity(nativeEngine);
}

async function connectParams(nonce: string, choice: ConnectChoice): Promise<Record<string, unknown>> {
  const version = choice.version ?? 4;
  const client = { id: "gateway-client", version: "1.0.0", platform: "linux", mode: "backend", ...choice.client };
  const auth = choice.auth ?? { token: TOKEN };
  const payload = choice.payload ?? (version === 4 ? "v3" : "v2");
  const signed =
    choice.device &&
    (await signConnect(nativeEngine, choice.device, {
      version: payload,
      clientId: String(client.id),
      clientMode: String(client.mode),
      role: choice.role ?? "operator",
      scopes: choice.scopes ?? [],
      signedAtMs: choice.signedAtMs ?? Date.now(),
      token: auth["token"] ?? auth["bootstrapToken"],
      nonce: payload === "v1" ? undefined : nonce,
      platform: String(client.platform),
      deviceFamily: undefined,
    }));
  return {
    minProtocol: choice.minProtocol ?? version,
    maxProtocol: choice.maxProtocol ?? version,
    client,
    caps: choice.caps ?? [],
    ...(choice.commands !== undefined && { commands: choice.commands }),
    ...(choice.role !== undefined && { role: choice.role }),
    ...(choice.scopes !== undefined && { scopes: choice.scopes }),
    auth,
    ...(signed && { device: choice.tamper ? choice.tamper({ ...signed }) : signed }),
  };
}

/** The error of a refused response, as tests look at it. */
export function errorOf(response: ResponseFrame): {
  code: string;
  message: string;
  detail: unknown;
  details: Record<string, unknown>;
} {
  const details = (response.error?.details ?? {}) as Record<string, unknown>;
  return { code: response.error?.code ?? "", message: response.error?.message ?? "", detail: details["code"], details };
}
