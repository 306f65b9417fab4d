import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { ClientError, type GatewayClient, GatewayError } from "@saltgate/client";
import { ModelsEmulator } from "../../../../tooling/emulators/src/models/models-emulator.ts";
import { startTelegram } from "../../../../tooling/emulators/src/telegram/control.ts";
import type { TelegramEmulator } from "../../../../tooling/emulators/src/telegram/telegram.ts";
import type { Child } from "../../../support/child.ts";
import { newClient, newDevice, OWNER } from "../../../support/device.ts";
import { keptPort } from "../../../support/ports.ts";
import { type Random, seededRandom } from "../../../support/random.ts";
import { CANARY, commandWords, Sandbox } from "../../../support/sandbox.ts";
import { type SlowLine, startSlowLine } from "./slow-line.ts";

/** How a world differs from the ordinary one. */
export interface WorldOptions {
  readonly seed?: number;
  /** What happens to what is said while its conversation is being answered. @default "followup" */
  readonly queueMode?: "followup" | "collect";
  /** What stands wrong in the gateway, of those in broken-gateway.ts. */
  readonly broken?: string;
  /** Whether its clock can be set back, by a signal to clock-that-jumps.ts. @default false */
  readonly jumps?: boolean;
  /** Longest time that a call takes each way, in milliseconds. @default 40 */
  readonly lineMs?: number;
  /** Whether Telegram brings what is written, instead of being asked for it. @default false */
  readonly isWebhook?: boolean;
  /** Keys of `channels.telegram` besides the ordinary ones. */
  readonly telegram?: Readonly<Record<string, unknown>>;
  /** Keys of `models` besides the ordinary ones. */
  readonly models?: Readonly<Record<string, unknown>>;
  /** Words before the command, which it is started by, e.g. to bound what it may write. */
  readonly launcher?: readonly string[];
}

/** Somebody who writes to the bot, and where. */
export interface Place {
  readonly name: string;
  readonly chat: number;
  readonly topic?: number;
  readonly from: number;
  /** Stands before every message that is for the bot. */
  readonly call: string;
}

/** Whether asking again is right: the way was cut, or the gateway says so. */
function isRepeatable(error: unknown): boolean {
  return error instanceof ClientError || (error instanceof GatewayError && error.retryable);
}

/** Waits until a gateway says that it listens. */
export async function listens(gateway: Child): Promise<void> {
  await gateway.until("it listens", ({ stderr }) => (stderr.includes("The gateway listens on") ? true : undefined));
}

/** How long everything may take to come to rest, in milliseconds: then the test has failed. */
const settleMs = 60_000;
/** How long the gateway is asked again while it is being killed, in milliseconds. */
const askMs = 240_000;

/**
 * A gateway in a process of its own, between a Telegram and a model that live on whatever happens to it. Answers repeat what
 * was asked, so that each tells which question it belongs to.
 */
export class DeliveryWorld implements AsyncDisposable {
  readonly random: Random;
  readonly telegram: TelegramEmulator;
  readonly models: ModelsEmulator;
  readonly line: SlowLine;
  readonly sandbox: Sandbox;
  readonly bot: ReturnType<TelegramEmulator["world"]["addBot"]>;
  readonly places: readonly Place[];
  readonly strangers: readonly number[];
  readonly port: number;
  readonly client: GatewayClient;
  gateway: Child | undefined;
  /** Set when the world has ended, and nothing may begin in it any more. */
  isOver = false;
  readonly #options: WorldOptions;
  readonly #stack: AsyncDisposableStack;

  private constructor(made: {
    readonly options: WorldOptions;
    readonly stack: AsyncDisposableStack;
    readonly random: Random;
    readonly telegram: TelegramEmulator;
    readonly models: ModelsEmulator;
    readonly line: SlowLine;
    readonly sandbox: Sandbox;
    readonly bot: DeliveryWorld["bot"];
    readonly places: readonly Place[];
    readonly strangers: readonly number[];
    readonly port: number;
    readonly client: GatewayClient;
  }) {
    this.#options = made.options;
    this.#stack = made.stack;
    this.random = made.random;
    this.telegram = made.telegram;
    this.models = made.models;
    this.line = made.line;
    this.sandbox = made.sandbox;
    this.bot = made.bot;
    this.places = made.places;
    this.strangers = made.strangers;
    this.port = made.port;
    this.client = made.client;
  }

  /** Makes the world; no gateway runs yet. */
  static async create(options: WorldOptions = {}): Promise<DeliveryWorld> {
    const random = seededRandom(options.seed);
    await using making = new AsyncDisposableStack();
    const telegram = making.use(await startTelegram());
    const models = making.use(await ModelsEmulator.start());
    // The stream takes a while, so that a gateway dies in the middle of it too.
    models.script({ pace: 1 });
    const line = making.use(await startSlowLine(telegram.url, random, options.lineMs ?? 40));
    const sandbox = making.use(await Sandbox.create());
    const { world } = telegram;
    const bot = world.addBot({ username: "helper_bot" });
    const [ann, ben, cat] = ["Ann", "Ben", "Cat"].map((firstName) => world.addUser({ firstName }).id) as [
      number,
      number,
      number,
    ];
    const strangers = ["Stan", "Stella"].map((firstName) => world.addUser({ firstName }).id);
    const group = world.addChat({ kind: "supergroup", title: "Group" });
    const forum = world.addChat({ kind: "supergroup", title: "Forum", isForum: true, topics: { 7: "Seven" } });
    const places: readonly Place[] = [
      { name: "ann", chat: ann, from: ann, call: "" },
      { name: "ben", chat: ben, from: ben, call: "" },
      { name: "cat", chat: cat, from: cat, call: "" },
      { name: "group", chat: group.id, from: ann, call: "@helper_bot " },
      { name: "topic", chat: forum.id, topic: 7, from: ben, call: "@helper_bot " },
    ];
    const port = await keptPort();
    await sandbox.configure({
      gateway: { auth: { token: CANARY } },
      channels: {
        telegram: {
          botToken: bot.token,
          apiRoot: line.url,
          allowFrom: [ann, ben, cat],
          groups: { [group.id]: {}, [forum.id]: {} },
          textChunkLimit: 300,
          ...(options.isWebhook === true && {
            webhookUrl: `http://127.0.0.1:${port}/telegram-webhook`,
            webhookSecret: "what-only-telegram-knows-of-this-bot",
          }),
          ...options.telegram,
        },
      },
      models: {
        mode: "replace",
        providers: { lab: { baseUrl: `${models.url}/v1`, apiKey: "sk-lab", models: [{ id: "echo-1" }] } },
        ...options.models,
      },
      session: { dmScope: "per-channel-peer" },
      messages: { queue: { mode: options.queueMode ?? "followup", debounceMs: 50 } },
    });
    const identity = await newDevice();
    const url = `ws://127.0.0.1:${port}`;
    const client = making.use(newClient({ url, token: CANARY, identity, scopes: OWNER }));
    const stack = making.move();
    return new DeliveryWorld({
      options,
      stack,
      random,
      telegram,
      models,
      line,
      sandbox,
      bot,
      places,
      strangers,
      port,
      client,
    });
  }

  /** Starts a gateway on the state that the last one left. It may be killed long before it listens. */
  start(): Child {
    if (this.isOver) throw new Error("the world has ended");
    const { broken, jumps, launcher } = this.#options;
    const { env, home } = this.sandbox;
    this.gateway = this.sandbox.start(["gateway", "--port", String(this.port)], {
      ...(broken !== undefined && {
        node: ["--conditions=@saltgate/source", join(import.meta.dirname, "broken-gateway.ts")],
        // From sources it takes long to start, but not twice.
        env: { ...env, SALTGATE_BROKEN: broken, NODE_COMPILE_CACHE: join(home, "compiled") },
      }),
      ...(jumps === true && { node: ["--import", join(import.meta.dirname, "clock-that-jumps.ts"), ...commandWords] }),
      ...(launcher !== undefined && { launcher }),
    });
    return this.gateway;
  }

  /** Starts one, and waits until it serves. */
  async serve(): Promise<Child> {
    const gateway = this.start();
    await listens(gateway);
    return gateway;
  }

  /** Ends the gateway, and waits until it has ended. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const { gateway } = this;
    this.gateway = undefined;
    if (gateway === undefined) return;
    gateway.signal(signal);
    await gateway.ended();
  }

  /** Asks the gateway something until it answers: it may be on its way up. */
  async ask<T>(question: (client: GatewayClient) => Promise<T>): Promise<T> {
    const deadline = Date.now() + askMs;
    for (;;) {
      try {
        await this.client.connect();
        return await question(this.client);
      } catch (error) {
        if (this.isOver || !isRepeatable(error) || Date.now() > deadline) throw error;
        const { ending, stderr = "" } = this.gateway ?? {};
        if (ending !== undefined) throw new Error(`the gateway ended by itself\n${stderr}`, { cause: error });
        await pause(50);
      }
    }
  }

  /** Resolves when nothing is under way any more: what came in was dealt with, no run goes on, and nothing waits to be sent. */
  async settled(): Promise<void> {
    const deadline = Date.now() + settleMs;
    for (let quiet = 0; quiet < 2; ) {
      const state = await this.#underWay();
      quiet = state.total === 0 ? quiet + 1 : 0;
      if (Date.now() > deadline)
        throw new Error(`it never came to rest: ${JSON.stringify(state)}\n${this.gateway?.stdout.slice(-4_000) ?? ""}`);
      if (quiet < 2) await pause(100);
    }
  }

  async #underWay() {
    const { inbox, outbox, deliveries } = await this.ask((client) =>
      client.request("deliveries.list", { states: ["waiting", "sending", "unsure", "live"] }),
    );
    const { sessions } = await this.ask((client) => client.request("sessions.list", { limit: 1_000 }));
    const busy = sessions.filter(({ status }) => status === "running" || status === "queued");
    const { queue, webhook } = this.bot;
    const withTelegram = queue.pending.length + (queue.isPolled || webhook !== undefined ? 0 : 1);
    return {
      total: inbox.waiting + outbox.open + busy.length + withTelegram,
      waiting: inbox.waiting,
      open: outbox.open,
      busy: busy.map(({ key }) => key),
      withTelegram,
      deliveries: deliveries.slice(0, 10),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isOver = true;
    await this.gateway?.[Symbol.asyncDispose]();
    await this.#stack[Symbol.asyncDispose]();
  }
}
