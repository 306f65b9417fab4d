import { randomBytes } from "node:crypto";
import { GatewayProcess } from "../../../tests/support/gateway.ts";
import { type RunOptions, Sandbox } from "../../../tests/support/sandbox.ts";
import { ModelsEmulator } from "../../../tooling/emulators/src/models/models-emulator.ts";
import { startTelegram } from "../../../tooling/emulators/src/telegram/control.ts";
import type { TelegramEmulator } from "../../../tooling/emulators/src/telegram/telegram.ts";

/** Somebody on Telegram, and the bot that they write to. */
export interface TelegramSide {
  readonly emulator: TelegramEmulator;
  readonly bot: ReturnType<TelegramEmulator["world"]["addBot"]>;
  readonly ann: ReturnType<TelegramEmulator["world"]["addUser"]>;
}

/** How a world is set up. */
export interface ConversationStart {
  /** Sections of the configuration beside those that the world needs. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Whether the gateway has a Telegram account. @default false */
  readonly telegram?: boolean;
  /** Whether the gateway's environment has the token of its bot. @default false */
  readonly environmentToken?: boolean;
  readonly port?: number;
}

/** A gateway with a model and perhaps with Telegram, both emulated on loopback, and its owner's commands. */
export class ConversationWorld implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly sandbox: Sandbox;
  readonly models: ModelsEmulator;
  readonly telegram: TelegramSide;
  gateway: GatewayProcess;

  private constructor(
    stack: AsyncDisposableStack,
    sandbox: Sandbox,
    models: ModelsEmulator,
    telegram: TelegramSide,
    gateway: GatewayProcess,
  ) {
    this.#stack = stack;
    this.sandbox = sandbox;
    this.models = models;
    this.telegram = telegram;
    this.gateway = gateway;
  }

  static async start({
    config,
    environmentToken = false,
    port,
    telegram: hasTelegram = false,
  }: ConversationStart = {}): Promise<ConversationWorld> {
    await using stack = new AsyncDisposableStack();
    const sandbox = stack.use(await Sandbox.create());
    const models = stack.use(await ModelsEmulator.start());
    const emulator = stack.use(await startTelegram());
    const bot = emulator.world.addBot({ username: "helper_bot" });
    const ann = emulator.world.addUser({ firstName: "Ann", username: "ann" });
    await sandbox.configure({
      gateway: { mode: "local", auth: { mode: "token", token: randomBytes(32).toString("base64url") } },
      models: {
        mode: "replace",
        providers: { local: { baseUrl: `${models.url}/v1`, models: [{ id: "echo", contextWindow: 100_000 }] } },
      },
      channels: { telegram: { apiRoot: emulator.url, ...(hasTelegram && { botToken: bot.token }) } },
      ...config,
    });
    const env = { ...sandbox.env, ...(environmentToken && { TELEGRAM_BOT_TOKEN: bot.token }) };
    const gateway = stack.use(await GatewayProcess.start(sandbox, { words: ["--port", String(port ?? 0)], env }));
    // What strangers wrote before the bot was there isn't answered.
    if (hasTelegram || environmentToken) await emulator.calls.untilCalled("getUpdates", 1);
    return new ConversationWorld(stack.move(), sandbox, models, { emulator, bot, ann }, gateway);
  }

  /** Runs a command of the owner. */
  run(words: readonly string[], options: RunOptions = {}): ReturnType<Sandbox["run"]> {
    return this.gateway.run(words, options);
  }

  /** Starts a command of the owner and leaves it running. */
  begin(words: readonly string[], options: RunOptions = {}): ReturnType<GatewayProcess["begin"]> {
    return this.gateway.begin(words, options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}
