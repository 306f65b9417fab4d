import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AgentSettings, BackendError, type BackendPort, defaultAgentSettings } from "@saltgate/agent";
import type { ChannelAdapter } from "@saltgate/channel";
import { MemoryStore } from "@saltgate/store";
import { ModelsEmulator } from "../../../../tooling/emulators/src/models/models-emulator.ts";
import { startTelegram } from "../../../../tooling/emulators/src/telegram/control.ts";
import type { TelegramEmulator } from "../../../../tooling/emulators/src/telegram/telegram.ts";
import type { BotAccount, Chat, User } from "../../../../tooling/emulators/src/telegram/world.ts";
import { createModelsBackend } from "../../../backends/models/src/index.ts";
import { adapter } from "../../../channels/telegram/src/index.ts";
import type { GatewayConversation } from "../../src/conversation/conversation-desk.ts";
import { defaultChatRules } from "../../src/conversation/no-conversation.ts";
import type { GatewayOptions } from "../../src/index.ts";
import { defaultToolRules, type ToolRules } from "../../src/tools/tool-rules.ts";
import { HastyClock } from "./hasty-clock.ts";
import { startWorld, type Wire, type World } from "./world.ts";

/** The emulated models. */
const models = ["m", "n"] as const;

/** What a test may choose of a gateway with conversations. */
export interface ChatChoice {
  /** `channels.telegram`, besides the bot's token; absent: no channel. */
  readonly telegram?: Readonly<Record<string, unknown>>;
  readonly settings?: (usual: AgentSettings) => AgentSettings;
  readonly owners?: readonly string[];
  readonly forgetCredentials?: GatewayConversation["forgetCredentials"];
  readonly groupMoved?: GatewayConversation["groupMoved"];
  readonly missing?: GatewayConversation["channels"]["missing"];
  readonly logger?: GatewayOptions["logger"];
  readonly toolRules?: Partial<ToolRules>;
  /** Telegram's adapter, changed. */
  readonly adapter?: (usual: ChannelAdapter) => ChannelAdapter;
}

/** A gateway with the real Telegram adapter and the real models backend, each against an emulator in this process. */
export interface ChatPlace extends AsyncDisposable {
  readonly clock: HastyClock;
  /** The agent's folder. */
  readonly workspace: string;
  readonly models: ModelsEmulator;
  readonly telegram: TelegramEmulator;
  readonly bot: BotAccount;
  readonly ann: User;
  readonly bob: User;
  readonly family: Chat;
  readonly club: Chat;
  /** Opens the gateway; again after it was closed, on the same files. */
  open(choice?: ChatChoice): Promise<ChatWorld>;
}

export interface ChatWorld extends World {
  /** An operator, connected. @param scopes by default everything but administration */
  operator(version?: 3 | 4, scopes?: readonly string[]): Promise<Wire>;
}

export const ALL = ["operator.admin", "operator.write", "operator.read"] as const;

export async function chatPlace(): Promise<ChatPlace> {
  const folder = await mkdtemp(join(tmpdir(), "saltgate-chat-"));
  const workspace = join(folder, "workspace");
  await mkdir(workspace);
  const store = new MemoryStore();
  const clock = new HastyClock();
  const emulator = await ModelsEmulator.start();
  const telegram = await startTelegram({ nowS: () => Math.floor(clock.now() / 1_000) });
  const bot = telegram.world.addBot({ username: "helper_bot" });
  const ann = telegram.world.addUser({ firstName: "Ann", username: "ann" });
  const bob = telegram.world.addUser({ firstName: "Bob", username: "bob" });
  const family = telegram.world.addChat({ kind: "supergroup", title: "Family" });
  const club = telegram.world.addChat({
    kind: "supergroup",
    title: "Club",
    isForum: true,
    topics: { "77": "Garden" },
  });
  const backend = createModelsBackend({
    providers: [
      {
        id: "emulated",
        api: "openai-completions",
        baseUrl: `${emulator.url}/v1`,
        models: models.map((id) => ({ id, input: ["text", "image"] })),
      },
    ],
    after: (delayMs, task) => clock.after(delayMs, task),
    now: clock.now,
  });
  const backends: BackendPort = {
    models: () => models.map((model) => ({ provider: "emulated", model, name: model, images: true })),
    for: (model) =>
      backend.serves(model)
        ? Promise.resolve(backend)
        : Promise.reject(new BackendError("unavailable", `Nothing serves ${model.provider}/${model.model}.`)),
  };
  const usual: AgentSettings = {
    ...defaultAgentSettings(workspace),
    model: { primary: "emulated/m", fallbacks: [] },
  };
  return {
    clock,
    workspace,
    models: emulator,
    telegram,
    bot,
    ann,
    bob,
    family,
    club,
    async open(choice = {}) {
      const settings = choice.settings?.(usual) ?? usual;
      const section = choice.telegram && { botToken: bot.token, apiRoot: telegram.url, ...choice.telegram };
      const world = await startWorld({
        store,
        clock,
        databaseFile: join(folder, "state.db"),
        ...(choice.logger && { logger: choice.logger }),
        conversation: {
          backends,
          settings: () => settings,
          rules: () => ({ ...defaultChatRules, owners: choice.owners ?? [] }),
          mediaDir: join(folder, "media"),
          channels: {
            installed:
              section === undefined
                ? []
                : [{ adapter: choice.adapter?.(adapter) ?? adapter, accounts: adapter.accounts(section, {}) }],
            missing: choice.missing ?? [],
          },
          toolRules: () => ({ ...defaultToolRules, ...choice.toolRules }),
          workspaceFile: async (_, path) => new Uint8Array(await readFile(join(workspace, path))),
          toolHost: { env: process.env, homedir: folder, platform: process.platform },
          ...(choice.groupMoved && { groupMoved: choice.groupMoved }),
          ...(choice.forgetCredentials && { forgetCredentials: choice.forgetCredentials }),
        },
      });
      const operator = async (version: 3 | 4 = 4, scopes: readonly string[] = ["operator.read", "operator.write"]) => {
        const wire = world.dial();
        await wire.connect({ version, scopes });
        return wire;
      };
      return { ...world, operator };
    },
    async [Symbol.asyncDispose]() {
      await backend.close();
      await telegram[Symbol.asyncDispose]();
      await emulator[Symbol.asyncDispose]();
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
