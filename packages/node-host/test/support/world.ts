import { createDeviceIdentity } from "@saltgate/client";
import {
  type Answer,
  helloV4,
  type Script,
  type ScriptedGateway,
  startScripted,
} from "../../../../tests/support/scripted-gateway.ts";
import { SteppedClock } from "../../../../tooling/emulators/src/suite/stepped-clock.ts";
import { type NodeCommand, NodeHost, type NodeHostOptions } from "../../src/index.ts";

/** What a node answered to an invocation. */
export interface NodeAnswer {
  readonly id: string;
  readonly nodeId: string;
  readonly ok: boolean;
  readonly payloadJSON?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

/** How an invocation is asked for. */
export interface Asking {
  readonly id?: string;
  readonly nodeId?: string;
  readonly params?: unknown;
  readonly paramsJSON?: string | null;
  readonly timeoutMs?: number;
  readonly idempotencyKey?: string;
  readonly wantsProgress?: boolean;
}

export const helloNode = (auth: Record<string, unknown> = {}, policy: Record<string, unknown> = {}): Answer =>
  helloV4({ role: "node", scopes: [], ...auth }, policy);

/** A node that is connected to a gateway whose words a test chooses. */
export interface World extends AsyncDisposable {
  readonly far: ScriptedGateway;
  readonly host: NodeHost;
  readonly clock: SteppedClock;
  /** What the node told its log. */
  readonly log: { readonly level: string; readonly message: string; readonly fields: unknown }[];
  /** Sends an invocation over the newest connection, and gives its id. */
  ask(command: string, asking?: Asking): string;
  /** Waits for the answer to an invocation. */
  answerTo(id: string): Promise<NodeAnswer>;
  invoke(command: string, asking?: Asking): Promise<NodeAnswer>;
  /** Requests of a method that the node has made. */
  sent<T = Record<string, unknown>>(method: string): T[];
  /** Ends the connection as a network does, and waits until the node is back. */
  reconnect(): Promise<void>;
}

export interface WorldOptions extends Partial<NodeHostOptions> {
  readonly script?: Script;
}

/** Starts a node with these commands, on a clock that the test moves. */
export async function startWorld(commands: readonly NodeCommand[], options: WorldOptions = {}): Promise<World> {
  const { script, ...hostOptions } = options;
  const far = await startScripted({ connect: () => helloNode(), ...script });
  const clock = new SteppedClock();
  const log: World["log"] = [];
  const host = new NodeHost({
    url: far.url,
    token: "shared",
    identity: await createDeviceIdentity(),
    version: "1.2.3",
    commands,
    clock,
    random: () => 0.5,
    statsIntervalMs: 0,
    log: (level, message, fields) => log.push({ level, message, fields }),
    ...hostOptions,
  });
  await host.connect();
  let asked = 0;
  const results = (): NodeAnswer[] =>
    far.requests.filter(({ method }) => method === "node.invoke.result").map(({ params }) => params as NodeAnswer);
  const world: World = {
    far,
    host,
    clock,
    log,
    ask(command, asking = {}) {
      asked += 1;
      const { params, ...rest } = asking;
      const request = {
        id: `i${asked}`,
        nodeId: host.nodeId,
        command,
        paramsJSON: JSON.stringify(params ?? {}),
        ...rest,
      };
      far.sockets.at(-1)?.event("node.invoke.request", request);
      return request.id;
    },
    answerTo: (id) => far.until(() => results().find((result) => result.id === id)),
    invoke: (command, asking) => world.answerTo(world.ask(command, asking)),
    sent: <T>(method: string) =>
      far.requests.filter((request) => request.method === method).map(({ params }) => params as T),
    async reconnect() {
      const waiting = new Promise<void>((resolve) => {
        const stop = host.onState(({ status }) => {
          if (status !== "waiting") return;
          stop();
          resolve();
        });
      });
      far.sockets.at(-1)?.socket.terminate();
      await waiting;
      host.resume();
      await host.connect();
    },
    async [Symbol.asyncDispose]() {
      const closing = host.close();
      clock.advance(60_000);
      await closing;
      await far[Symbol.asyncDispose]();
    },
  };
  return world;
}

/** A promise with its handle outside. */
export function gate<T = void>(): { readonly opened: Promise<T>; open(value: T): void } {
  let open: (value: T) => void = () => {};
  const opened = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
