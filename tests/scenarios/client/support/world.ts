import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInProcessBus } from "@saltgate/bus";
import {
  defaultGatewayAuth,
  defaultGatewayLimits,
  type Gateway,
  type GatewayOptions,
  openGatewayState,
  type PairingPort,
  silentLogger,
  startGateway,
  systemClock,
} from "@saltgate/gateway";
import { nativeEngine } from "@saltgate/identity/node";
import { MemoryStore } from "@saltgate/store";
import { keptPort } from "../../../support/ports.ts";

/** The shared secret of every gateway that a scenario starts. */
export const TOKEN = "a-shared-secret-that-only-tests-know-a-shared-secret";

/** The owner at the gateway's own machine. */
export const OWNER = { scopes: ["operator.admin"] } as const;

/** What a scenario may choose; everything else is as a first start would have it, on a free loopback port. */
export interface WorldOptions {
  readonly auth?: Partial<GatewayOptions["auth"]>;
  readonly limits?: Partial<GatewayOptions["limits"]>;
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** A gateway over stores in memory, which can stop and start again without forgetting its devices. */
export interface World extends AsyncDisposable {
  readonly url: string;
  readonly pairing: PairingPort;
  readonly gateway: () => Gateway;
  /** Does what the owner would: lets the one device in that waits, for these scopes. */
  approveOnly(grantScopes: readonly string[]): Promise<void>;
  stop(): Promise<void>;
  /** Starts on the same port, over the same stores. */
  start(): Promise<void>;
}

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const store = new MemoryStore();
  const bus = createInProcessBus();
  const folder = await mkdtemp(join(tmpdir(), "saltgate-world-"));
  const state = await openGatewayState({ store, bus, approvalsFile: join(folder, "exec-approvals.json") });
  const { pairing, invites, nodes, approvals, conversation } = state;
  const listen = (port: number): Promise<Gateway> =>
    startGateway({
      listen: { port, required: ["127.0.0.1"], optional: [], tls: options.tls },
      auth: { ...defaultGatewayAuth({ mode: "token", token: TOKEN }), ...options.auth },
      limits: { ...defaultGatewayLimits, ...options.limits },
      machine: {
        hostName: "harbor",
        ownAddresses: () => ["127.0.0.1"],
        presence: () => ({ host: "harbor", mode: "gateway", reason: "self", text: "Gateway: harbor", ts: Date.now() }),
      },
      pairing,
      invites,
      nodes,
      approvals,
      conversation,
      bus,
      engine: nativeEngine,
      clock: systemClock,
      logger: silentLogger,
      newId: () => crypto.randomUUID(),
      version: "1.2.3",
      paths: { configPath: "/state/saltgate.json", stateDir: "/state" },
    });
  const port = await keptPort();
  let gateway = await listen(port);
  let isRunning = true;
  const stop = async (): Promise<void> => {
    if (isRunning) await gateway.stop({ drainTimeoutMs: 0 });
    isRunning = false;
  };
  return {
    url: `${options.tls === undefined ? "ws" : "wss"}://127.0.0.1:${port}`,
    pairing,
    gateway: () => gateway,
    async approveOnly(grantScopes) {
      const { pending } = await pairing.list();
      const [waiting] = pending;
      if (waiting === undefined || pending.length > 1) throw new Error(`${pending.length} devices wait, not one`);
      await pairing.approve({ requestId: waiting.requestId, caller: OWNER, grantScopes });
    },
    stop,
    async start() {
      gateway = await listen(port);
      isRunning = true;
    },
    async [Symbol.asyncDispose]() {
      await stop();
      await state.close();
      await bus.close();
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
