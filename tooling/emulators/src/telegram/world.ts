import { randomBytes } from "node:crypto";
import type { CallLog } from "./call-log.ts";
import type { Entity } from "./html.ts";
import { UpdateQueue } from "./update-queue.ts";

/** Somebody, as the Bot API names them. */
export interface User {
  readonly id: number;
  readonly is_bot: boolean;
  readonly first_name: string;
  readonly last_name?: string;
  readonly username?: string;
}

export type ChatKind = "private" | "group" | "supergroup" | "channel";

/** A conversation. */
export interface Chat {
  readonly id: number;
  readonly kind: ChatKind;
  readonly title: string | undefined;
  readonly username: string | undefined;
  readonly isForum: boolean;
  /** Topics by their thread id. */
  readonly topics: Map<number, string>;
  /** Where it went, once it became a supergroup. */
  migratedTo: number | undefined;
  /** Bots that were thrown out, or blocked. */
  readonly without: Set<number>;
  /** Typing and the like that was shown here, with the topic. */
  readonly actions: { readonly action: string; readonly threadId: number | undefined }[];
}

/** A message as it stands. `api` is what the Bot API would say of it. */
export interface StoredMessage {
  readonly id: number;
  readonly chatId: number;
  api: Record<string, unknown>;
  deleted: boolean;
  /** Emoji by who put them. */
  readonly reactions: Map<number, readonly string[]>;
}

/** The numbers of messages, and the messages. */
export interface Box {
  lastId: number;
  readonly messages: Map<number, StoredMessage>;
}

/** A file on Telegram's side. */
export interface StoredFile {
  readonly id: string;
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly mimeType: string | undefined;
  readonly fileName: string | undefined;
}

/** A bot account. */
export interface BotAccount {
  readonly token: string;
  readonly user: User & { readonly username: string };
  readonly queue: UpdateQueue;
  /** Private chats and basic groups share one counter. */
  readonly box: Box;
  webhook: { readonly url: string; readonly secret: string | undefined } | undefined;
  commands: readonly unknown[];
  /** Set when its token is no longer good. */
  revoked: boolean;
}

/** Largest file that a bot may fetch. Source: core.telegram.org/bots/api#getfile. */
const maxFileBytes = 20 * 1024 * 1024;

/** Everything that is on Telegram's side. */
export class World {
  readonly bots = new Map<string, BotAccount>();
  readonly users = new Map<number, User>();
  readonly chats = new Map<number, Chat>();
  readonly files = new Map<string, StoredFile>();
  readonly calls: CallLog;
  /** Called when something waits for a bot. */
  onUpdate: (bot: BotAccount) => void = () => {};
  readonly #supergroups = new Map<number, Box>();
  #nextUser = 1001;
  #nextGroup = 501;
  #nextFile = 1;
  #nextBot = 9001;
  #clockS: () => number;

  constructor(calls: CallLog, clockS: () => number) {
    this.calls = calls;
    this.#clockS = clockS;
  }

  nowS(): number {
    return this.#clockS();
  }

  addBot(options: { readonly token?: string; readonly username?: string; readonly firstName?: string }): BotAccount {
    const id = Number(/^(\d+):/.exec(options.token ?? "")?.[1] ?? this.#nextBot++);
    const username = options.username ?? `helper${id}_bot`;
    const user = { id, is_bot: true, first_name: options.firstName ?? "Helper", username } as const;
    const bot: BotAccount = {
      token: options.token ?? `${id}:${randomBytes(24).toString("base64url")}`,
      user,
      queue: new UpdateQueue(() => this.onUpdate(bot)),
      box: { lastId: 0, messages: new Map() },
      webhook: undefined,
      commands: [],
      revoked: false,
    };
    this.bots.set(bot.token, bot);
    this.users.set(id, user);
    return bot;
  }

  addUser(options: {
    readonly firstName?: string;
    readonly lastName?: string;
    readonly username?: string;
    readonly isBot?: boolean;
  }): User {
    const id = this.#nextUser++;
    const user: User = {
      id,
      is_bot: options.isBot ?? false,
      first_name: options.firstName ?? `Person${id}`,
      ...(options.lastName === undefined ? {} : { last_name: options.lastName }),
      ...(options.username === undefined ? {} : { username: options.username }),
    };
    this.users.set(id, user);
    return user;
  }

  addChat(options: {
    readonly kind: Exclude<ChatKind, "private">;
    readonly title?: string;
    readonly username?: string;
    readonly isForum?: boolean;
    readonly topics?: Readonly<Record<string, string>>;
  }): Chat {
    const number = this.#nextGroup++;
    const chat: Chat = {
      id: options.kind === "group" ? -number : -(1_000_000_000_000 + number),
      kind: options.kind,
      title: options.title ?? `Chat ${number}`,
      username: options.username,
      isForum: options.isForum ?? false,
      topics: new Map(Object.entries(options.topics ?? {}).map(([id, name]) => [Number(id), name])),
      migratedTo: undefined,
      without: new Set(),
      actions: [],
    };
    this.chats.set(chat.id, chat);
    return chat;
  }

  /** A chat by its id, or by its name with an `@`; the private chat of somebody comes into being when it is needed. */
  chat(id: unknown): Chat | undefined {
    if (typeof id === "string" && id.startsWith("@"))
      return [...this.chats.values()].find(({ username }) => username?.toLowerCase() === id.slice(1).toLowerCase());
    const number = Number(id);
    const known = this.chats.get(number);
    if (known !== undefined) return known;
    const user = this.users.get(number);
    if (user === undefined || user.is_bot) return undefined;
    const chat: Chat = {
      id: number,
      kind: "private",
      title: undefined,
      username: user.username,
      isForum: false,
      topics: new Map(),
      migratedTo: undefined,
      without: new Set(),
      actions: [],
    };
    this.chats.set(number, chat);
    return chat;
  }

  requireChat(id: unknown): Chat {
    const chat = this.chat(id);
    if (chat === undefined) throw new Error(`The emulator has no chat ${String(id)}.`);
    return chat;
  }

  requireUser(id: number): User {
    const user = this.users.get(id);
    if (user === undefined) throw new Error(`The emulator knows nobody ${id}.`);
    return user;
  }

  /** The counter and the messages that a bot sees in a chat: one per bot, or one per supergroup and channel. */
  box(bot: BotAccount, chat: Chat): Box {
    if (chat.kind === "private" || chat.kind === "group") return bot.box;
    const box = this.#supergroups.get(chat.id) ?? { lastId: 0, messages: new Map() };
    this.#supergroups.set(chat.id, box);
    return box;
  }

  /** The message, if it is there and in this chat. */
  message(bot: BotAccount, chat: Chat, id: unknown): StoredMessage | undefined {
    const found = this.box(bot, chat).messages.get(Number(id));
    return found === undefined || found.deleted || found.chatId !== chat.id ? undefined : found;
  }

  /** Puts a message into a chat, under the next number. */
  store(bot: BotAccount, chat: Chat, body: Record<string, unknown>): StoredMessage {
    const box = this.box(bot, chat);
    box.lastId += 1;
    const message: StoredMessage = {
      id: box.lastId,
      chatId: chat.id,
      api: { message_id: box.lastId, date: this.nowS(), chat: this.chatApi(chat), ...body },
      deleted: false,
      reactions: new Map(),
    };
    box.messages.set(box.lastId, message);
    this.calls.changed();
    return message;
  }

  chatApi(chat: Chat): Record<string, unknown> {
    if (chat.kind === "private") {
      const { first_name, last_name, username } = this.requireUser(chat.id);
      return {
        id: chat.id,
        type: "private",
        first_name,
        ...(last_name && { last_name }),
        ...(username && { username }),
      };
    }
    return {
      id: chat.id,
      type: chat.kind,
      title: chat.title,
      ...(chat.username && { username: chat.username }),
      ...(chat.isForum && { is_forum: true }),
    };
  }

  addFile(
    bytes: Uint8Array,
    options: { readonly fileName?: string; readonly mimeType?: string; readonly folder: string },
  ): StoredFile {
    const number = this.#nextFile++;
    const file: StoredFile = {
      id: `file-${number}`,
      path: `${options.folder}/file_${number}`,
      bytes,
      mimeType: options.mimeType,
      fileName: options.fileName,
    };
    this.files.set(file.id, file);
    return file;
  }

  isTooBig(file: StoredFile): boolean {
    return file.bytes.length > maxFileBytes;
  }

  /** Tells a bot what happened. */
  tell(bot: BotAccount, kind: string, body: unknown): void {
    bot.queue.push(kind, body);
  }
}

/** How a kind of update is called for a chat. */
export function updateKind(chat: Chat, isEdit: boolean): string {
  const post = chat.kind === "channel" ? "channel_post" : "message";
  return isEdit ? `edited_${post}` : post;
}

/** A message without what doesn't travel inside another one. */
export function quotedApi(message: StoredMessage): Record<string, unknown> {
  const { reply_to_message: _inner, ...rest } = message.api;
  return rest;
}

/** Entities as they stand in a message. */
export function entitiesApi(
  key: "entities" | "caption_entities",
  entities: readonly Entity[],
): Record<string, unknown> {
  return entities.length === 0 ? {} : { [key]: entities };
}
