import { detectEntities, type Entity } from "./html.ts";
import {
  type BotAccount,
  type Chat,
  entitiesApi,
  quotedApi,
  type StoredMessage,
  type User,
  updateKind,
  type World,
} from "./world.ts";

/** A file that somebody sends. */
export interface SaidMedia {
  readonly kind: "photo" | "video" | "audio" | "voice" | "document" | "animation" | "sticker" | "video_note";
  readonly bytes: Uint8Array;
  readonly mimeType?: string;
  readonly fileName?: string;
}

/** What somebody writes, and how. Plain JSON but for the bytes of files. */
export interface Said {
  /** Where. Absent: in their private chat with the bot. */
  readonly chat?: number;
  readonly from: number;
  readonly text?: string;
  /** Absent: what Telegram finds by itself. */
  readonly entities?: readonly Entity[];
  readonly media?: SaidMedia;
  /** Messages with the same one are one album. */
  readonly album?: string;
  readonly location?: {
    readonly latitude: number;
    readonly longitude: number;
    readonly accuracyM?: number;
    readonly isLive?: boolean;
  };
  readonly venue?: {
    readonly title: string;
    readonly address: string;
    readonly latitude: number;
    readonly longitude: number;
  };
  readonly replyTo?: number;
  /** The part of the answered message that is quoted. */
  readonly quote?: string;
  /** From where it was forwarded. */
  readonly forward?: { readonly name: string; readonly atS: number };
  readonly topic?: number;
  /** Written in the name of this chat, as anonymous administrators and channels do. */
  readonly asChat?: number;
  /** When, in seconds since the epoch. Absent: now. */
  readonly atS?: number;
}

/** Whoever uses Telegram beside the bots. */
export class People {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** Writes a message. Returns its id as the first bot sees it. */
  say(said: Said): number {
    const chat = this.#world.requireChat(said.chat ?? said.from);
    const from = this.#world.requireUser(said.from);
    const file = said.media === undefined ? undefined : this.#mediaApi(said.media);
    return this.#each(chat, (bot) => {
      const replied = said.replyTo === undefined ? undefined : this.#world.message(bot, chat, said.replyTo);
      return {
        ...this.#author(chat, from, said.asChat),
        ...(said.atS !== undefined && { date: said.atS }),
        ...this.#content(said, file),
        ...(said.album !== undefined && { media_group_id: said.album }),
        ...(replied !== undefined && { reply_to_message: quotedApi(replied) }),
        ...(said.quote !== undefined && { quote: { text: said.quote, position: 0, is_manual: true } }),
        ...(said.forward !== undefined && {
          forward_origin: { type: "hidden_user", sender_user_name: said.forward.name, date: said.forward.atS },
        }),
        ...(said.topic !== undefined && { message_thread_id: said.topic, is_topic_message: true }),
      };
    });
  }

  /** Changes the text of a message that a person wrote. */
  edit(order: { readonly chat: number; readonly message: number; readonly text: string }): void {
    const chat = this.#world.requireChat(order.chat);
    for (const bot of this.#seeing(chat)) {
      const message = this.#require(bot, chat, order.message);
      message.api = {
        ...message.api,
        text: order.text,
        ...entitiesApi("entities", detectEntities(order.text)),
        edit_date: this.#world.nowS(),
      };
      this.#world.tell(bot, updateKind(chat, true), message.api);
    }
  }

  /** Takes a message out of a chat. The Bot API tells nobody. */
  delete(order: { readonly chat: number; readonly message: number }): void {
    const chat = this.#world.requireChat(order.chat);
    for (const bot of this.#seeing(chat)) this.#require(bot, chat, order.message).deleted = true;
  }

  /** Puts these emoji on a message; an empty list takes them back. */
  react(order: {
    readonly chat: number;
    readonly message: number;
    readonly from: number;
    readonly emoji: readonly string[];
  }): void {
    const chat = this.#world.requireChat(order.chat);
    for (const bot of this.#seeing(chat)) {
      const message = this.#require(bot, chat, order.message);
      const old = message.reactions.get(order.from) ?? [];
      message.reactions.set(order.from, order.emoji);
      const reaction = (emoji: string) => ({ type: "emoji", emoji });
      this.#world.tell(bot, "message_reaction", {
        chat: this.#world.chatApi(chat),
        message_id: order.message,
        user: this.#world.requireUser(order.from),
        date: this.#world.nowS(),
        old_reaction: old.map(reaction),
        new_reaction: order.emoji.map(reaction),
      });
    }
  }

  /** Presses the button that carries this data. */
  press(order: {
    readonly chat: number;
    readonly message: number;
    readonly from: number;
    readonly data: string;
  }): void {
    const chat = this.#world.requireChat(order.chat);
    for (const bot of this.#seeing(chat)) {
      const message = this.#require(bot, chat, order.message);
      this.#world.tell(bot, "callback_query", {
        id: `press-${this.#world.box(bot, chat).lastId}-${order.data}-${bot.queue.pending.length}`,
        from: this.#world.requireUser(order.from),
        message: message.api,
        chat_instance: String(chat.id),
        data: order.data,
      });
    }
  }

  /** Chooses options of a poll. */
  vote(order: {
    readonly chat: number;
    readonly message: number;
    readonly from: number;
    readonly options: readonly number[];
  }): void {
    const chat = this.#world.requireChat(order.chat);
    for (const bot of this.#seeing(chat)) {
      const poll = this.#require(bot, chat, order.message).api["poll"] as { readonly id: string };
      this.#world.tell(bot, "poll_answer", {
        poll_id: poll.id,
        user: this.#world.requireUser(order.from),
        option_ids: order.options,
      });
    }
  }

  /** Somebody comes into a group, or goes. */
  member(order: { readonly chat: number; readonly user: number; readonly leaves?: boolean }): void {
    const chat = this.#world.requireChat(order.chat);
    const user = this.#world.requireUser(order.user);
    this.#each(chat, () => ({
      from: user,
      ...(order.leaves ? { left_chat_member: user } : { new_chat_members: [user] }),
    }));
  }

  /** A bot is let into a chat, or thrown out. */
  botMember(order: { readonly chat: number; readonly by: number; readonly isRemoval?: boolean }): void {
    const chat = this.#world.requireChat(order.chat);
    for (const bot of this.#of(chat)) {
      const member = (status: string) => ({ status, user: bot.user });
      const [before, after] = order.isRemoval ? ["member", "kicked"] : ["left", "member"];
      if (order.isRemoval) chat.without.add(bot.user.id);
      else chat.without.delete(bot.user.id);
      this.#world.tell(bot, "my_chat_member", {
        chat: this.#world.chatApi(chat),
        from: this.#world.requireUser(order.by),
        date: this.#world.nowS(),
        old_chat_member: member(before),
        new_chat_member: member(after),
      });
    }
  }

  /** Pins a message. */
  pin(order: { readonly chat: number; readonly message: number; readonly from: number }): void {
    const chat = this.#world.requireChat(order.chat);
    const from = this.#world.requireUser(order.from);
    this.#each(chat, (bot) => ({ from, pinned_message: quotedApi(this.#require(bot, chat, order.message)) }));
  }

  /** Makes a supergroup of a basic group. Returns its id. */
  migrate(order: { readonly chat: number; readonly by: number }): number {
    const group = this.#world.requireChat(order.chat);
    const from = this.#world.requireUser(order.by);
    const supergroup = this.#world.addChat({ kind: "supergroup", ...(group.title && { title: group.title }) });
    group.migratedTo = supergroup.id;
    this.#each(group, () => ({ from, migrate_to_chat_id: supergroup.id }));
    this.#each(supergroup, () => ({ from, migrate_from_chat_id: group.id }));
    return supergroup.id;
  }

  #each(chat: Chat, bodyOf: (bot: BotAccount) => Record<string, unknown>): number {
    let first: number | undefined;
    // In a supergroup all bots see the same message; elsewhere each has its own copy.
    let shared: StoredMessage | undefined;
    for (const bot of this.#seeing(chat)) {
      const isShared = chat.kind === "supergroup" || chat.kind === "channel";
      const message: StoredMessage = (isShared ? shared : undefined) ?? this.#world.store(bot, chat, bodyOf(bot));
      shared = message;
      first ??= message.id;
      this.#world.tell(bot, updateKind(chat, false), message.api);
    }
    return first ?? 0;
  }

  /** The bots that a chat is with, those that were thrown out among them: a private one is with the first. */
  #of(chat: Chat): readonly BotAccount[] {
    const bots = [...this.#world.bots.values()];
    return chat.kind === "private" ? bots.slice(0, 1) : bots;
  }

  #seeing(chat: Chat): readonly BotAccount[] {
    return this.#of(chat).filter(({ user }) => !chat.without.has(user.id));
  }

  #require(bot: BotAccount, chat: Chat, id: number): StoredMessage {
    const message = this.#world.message(bot, chat, id);
    if (message === undefined) throw new Error(`The emulator has no message ${id} in ${chat.id}.`);
    return message;
  }

  #author(chat: Chat, from: User, asChat: number | undefined): Record<string, unknown> {
    if (chat.kind === "channel") return { sender_chat: this.#world.chatApi(chat) };
    if (asChat === undefined) return { from };
    const anonymous = { id: 1_087_968_824, is_bot: true, first_name: "Group", username: "GroupAnonymousBot" };
    return { from: anonymous, sender_chat: this.#world.chatApi(this.#world.requireChat(asChat)) };
  }

  #content(said: Said, file: Record<string, unknown> | undefined): Record<string, unknown> {
    const entities = said.entities ?? detectEntities(said.text ?? "");
    const { location, venue } = said;
    const place =
      location === undefined
        ? {}
        : {
            location: {
              latitude: location.latitude,
              longitude: location.longitude,
              ...(location.accuracyM !== undefined && { horizontal_accuracy: location.accuracyM }),
              ...(location.isLive && { live_period: 900 }),
            },
          };
    const where = venue && { latitude: venue.latitude, longitude: venue.longitude };
    return {
      ...(file === undefined
        ? said.text !== undefined && { text: said.text, ...entitiesApi("entities", entities) }
        : {
            ...file,
            ...(said.text !== undefined && { caption: said.text, ...entitiesApi("caption_entities", entities) }),
          }),
      ...place,
      ...(venue && { location: where, venue: { location: where, title: venue.title, address: venue.address } }),
    };
  }

  #mediaApi(media: SaidMedia): Record<string, unknown> {
    const file = this.#world.addFile(media.bytes, {
      folder: media.kind,
      ...(media.fileName !== undefined && { fileName: media.fileName }),
      ...(media.mimeType !== undefined && { mimeType: media.mimeType }),
    });
    return fileApi(media.kind, file);
  }
}

/** A file inside a message. */
export function fileApi(
  kind: string,
  file: {
    readonly id: string;
    readonly bytes: Uint8Array;
    readonly fileName: string | undefined;
    readonly mimeType: string | undefined;
  },
): Record<string, unknown> {
  const base = { file_id: file.id, file_unique_id: `u-${file.id}`, file_size: file.bytes.length };
  if (kind === "photo") {
    const small = {
      ...base,
      file_id: `${file.id}`,
      width: 90,
      height: 90,
      file_size: Math.min(file.bytes.length, 100),
    };
    return { photo: [small, { ...base, width: 800, height: 800 }] };
  }
  const whole = {
    ...base,
    ...(file.mimeType !== undefined && { mime_type: file.mimeType }),
    ...(file.fileName !== undefined && { file_name: file.fileName }),
  };
  if (kind === "sticker")
    return { sticker: { ...whole, type: "regular", width: 512, height: 512, is_animated: false, is_video: false } };
  // Telegram names an animation twice, for programs that know none.
  if (kind === "animation") return { animation: whole, document: whole };
  return { [kind]: { ...whole, duration: 1 } };
}
