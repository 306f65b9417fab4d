import { CallLog } from "./call-log.ts";
import { FaultPlan } from "./faults.ts";
import type { Entity } from "./html.ts";
import { wordOf } from "./methods.ts";
import { People } from "./people.ts";
import { BotApiServer } from "./server.ts";
import { WebhookSender } from "./webhook-sender.ts";
import { type BotAccount, type Chat, type StoredMessage, World } from "./world.ts";

/** A message as people see it at this moment. */
export interface ShownMessage {
  readonly id: number;
  /** Id of its author; of the chat itself in channels. */
  readonly from: number;
  readonly text: string;
  readonly entities: readonly Entity[];
  /** `photo`, `document` and the like, with the file's bytes as base64. */
  readonly media?: { readonly kind: string; readonly base64: string; readonly fileName?: string };
  readonly replyTo?: number;
  readonly threadId?: number;
  readonly isEdited: boolean;
  readonly reactions: Readonly<Record<string, readonly string[]>>;
  readonly buttons?: readonly (readonly { readonly text: string; readonly data: string }[])[];
  readonly poll?: unknown;
}

/** A chat as it stands. */
export interface ShownChat {
  readonly id: number;
  readonly messages: readonly ShownMessage[];
  readonly actions: readonly { readonly action: string; readonly threadId: number | undefined }[];
}

export interface TelegramOptions {
  /** @default one that is free */
  readonly port?: number;
  /** Seconds since the epoch, for dates of messages. @default the machine's clock */
  readonly nowS?: () => number;
}

const mediaKinds = ["photo", "video", "audio", "voice", "animation", "document", "sticker", "video_note"];

/** Telegram's Bot API on loopback, with people who write to the bots. */
export class TelegramEmulator {
  readonly world: World;
  readonly people: People;
  readonly calls: CallLog = new CallLog();
  readonly faults: FaultPlan = new FaultPlan();
  /** Where it listens: the API root for clients. */
  url = "";
  readonly #server: BotApiServer;
  readonly #webhooks = new WebhookSender(() => this.calls.changed());

  constructor(options: TelegramOptions, control: (emulator: TelegramEmulator, body: string) => Promise<unknown>) {
    this.world = new World(this.calls, options.nowS ?? (() => Math.floor(Date.now() / 1_000)));
    this.people = new People(this.world);
    this.world.onUpdate = (bot) => this.#webhooks.wake(bot);
    this.#server = new BotApiServer(this.world, this.faults, (body) => control(this, body));
  }

  async listen(port: number): Promise<void> {
    this.url = await this.#server.listen(port);
  }

  /** Everything that stands in a chat, as the first bot sees it, oldest first. */
  shown(chatId: number): ShownChat {
    const chat = this.world.requireChat(chatId);
    const [bot] = this.world.bots.values();
    const messages = bot === undefined ? [] : [...this.world.box(bot, chat).messages.values()];
    return {
      id: chat.id,
      messages: messages.filter((one) => one.chatId === chat.id && !one.deleted).map((one) => this.#show(chat, one)),
      actions: chat.actions,
    };
  }

  /** What bots sent into a chat, oldest first. */
  fromBots(chatId: number): readonly ShownMessage[] {
    const ids = new Set([...this.world.bots.values()].map(({ user }) => user.id));
    return this.shown(chatId).messages.filter(({ from }) => ids.has(from));
  }

  /** Resolves when this many messages of bots stand in a chat. */
  async untilSent(chatId: number, count: number): Promise<readonly ShownMessage[]> {
    await this.calls.until(() => this.fromBots(chatId).length >= count);
    return this.fromBots(chatId);
  }

  /** The token is no longer good, as after a revocation. */
  revoke(token: string): void {
    const bot = this.requireBot(token);
    bot.revoked = true;
  }

  requireBot(token: string): BotAccount {
    const bot = this.world.bots.get(token);
    if (bot === undefined) throw new Error("The emulator has no bot with this token.");
    return bot;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#webhooks.close();
    this.faults.clear();
    await this.#server.close();
  }

  #show(chat: Chat, { id, api, reactions }: StoredMessage): ShownMessage {
    const kind = mediaKinds.find((one) => api[one] !== undefined);
    const markup = api["reply_markup"] as
      | { readonly inline_keyboard: readonly (readonly { text: string; callback_data: string }[])[] }
      | undefined;
    const reply = api["reply_to_message"] as { readonly message_id: number } | undefined;
    return {
      id,
      from: (api["from"] as { readonly id: number } | undefined)?.id ?? chat.id,
      text: wordOf(api["text"] ?? api["caption"]),
      entities: (api["entities"] ?? api["caption_entities"] ?? []) as readonly Entity[],
      ...(kind !== undefined && { media: this.#showFile(kind, api[kind]) }),
      ...(reply !== undefined && { replyTo: reply.message_id }),
      ...(api["message_thread_id"] !== undefined && { threadId: Number(api["message_thread_id"]) }),
      isEdited: api["edit_date"] !== undefined,
      reactions: Object.fromEntries([...reactions].map(([user, emoji]) => [String(user), emoji])),
      ...(markup !== undefined && {
        buttons: markup.inline_keyboard.map((row) =>
          row.map(({ text, callback_data }) => ({ text, data: callback_data })),
        ),
      }),
      ...(api["poll"] !== undefined && { poll: api["poll"] }),
    };
  }

  #showFile(kind: string, value: unknown): { kind: string; base64: string; fileName?: string } {
    const one = (Array.isArray(value) ? value.at(-1) : value) as { readonly file_id: string };
    const file = this.world.files.get(one.file_id);
    return {
      kind,
      base64: Buffer.from(file?.bytes ?? []).toString("base64"),
      ...(file?.fileName !== undefined && { fileName: file.fileName }),
    };
  }
}
