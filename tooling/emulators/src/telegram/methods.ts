import { CannotParse, detectEntities, type FormattedText, parseHtml } from "./html.ts";
import { fileApi } from "./people.ts";
import type { Upload } from "./request.ts";
import { type BotAccount, type Chat, entitiesApi, quotedApi, type StoredMessage, type World } from "./world.ts";

/** A refusal in the words of the Bot API. */
export class ApiRefusal extends Error {
  readonly code: number;
  readonly parameters: Record<string, unknown> | undefined;

  constructor(code: number, description: string, parameters?: Record<string, unknown>) {
    super(description);
    this.code = code;
    this.parameters = parameters;
  }
}

/** What a call brings. */
export interface CallContext {
  readonly world: World;
  readonly bot: BotAccount;
  readonly params: Readonly<Record<string, unknown>>;
  readonly uploads: ReadonlyMap<string, Upload>;
}

const maxText = 4096;
const maxCaption = 1024;
/** Of polls. Source: core.telegram.org/bots/api#sendpoll. */
const maxQuestion = 300;
const maxOption = 100;
const notModified =
  "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message";
const mediaMethods: Readonly<Record<string, string>> = {
  sendphoto: "photo",
  sendvideo: "video",
  sendaudio: "audio",
  sendvoice: "voice",
  senddocument: "document",
  sendanimation: "animation",
  sendsticker: "sticker",
};
/** Emoji that may be reactions: some of them. */
const reactionEmoji: ReadonlySet<string> = new Set([
  "👍",
  "👎",
  "❤",
  "🔥",
  "🎉",
  "👀",
  "🤔",
  "😁",
  "👏",
  "🙏",
  "👌",
  "⚡",
]);

/** Carries out a method of the Bot API, whatever the case of its name. @throws {ApiRefusal} */
export function callMethod(method: string, call: CallContext): unknown {
  const name = method.toLowerCase();
  if (mediaMethods[name] !== undefined) return sendMedia(call, mediaMethods[name]);
  const handler = handlers[name];
  if (handler === undefined) throw new ApiRefusal(404, "Not Found: method not found");
  return handler(call);
}

const handlers: Readonly<Record<string, (call: CallContext) => unknown>> = {
  getme: ({ bot }) => ({
    ...bot.user,
    can_join_groups: true,
    can_read_all_group_messages: true,
    supports_inline_queries: false,
  }),
  getwebhookinfo: ({ bot }) => ({
    url: bot.webhook?.url ?? "",
    has_custom_certificate: false,
    pending_update_count: bot.queue.pending.length,
  }),
  setwebhook: ({ bot, params, world }) => {
    const url = wordOf(params["url"]);
    const secret = params["secret_token"];
    if (typeof secret === "string" && !/^[\w-]{1,256}$/.test(secret))
      throw new ApiRefusal(400, "Bad Request: secret token contains unallowed characters");
    bot.webhook = url === "" ? undefined : { url, secret: typeof secret === "string" ? secret : undefined };
    bot.queue.allow(params["allowed_updates"]);
    world.onUpdate(bot);
    return true;
  },
  deletewebhook: ({ bot }) => {
    bot.webhook = undefined;
    return true;
  },
  setmycommands: ({ bot, params }) => {
    const commands = json(params["commands"]);
    if (!Array.isArray(commands)) throw new ApiRefusal(400, 'Bad Request: parameter "commands" is required');
    for (const { command, description } of commands as { command?: unknown; description?: unknown }[]) {
      if (
        !/^[a-z0-9_]{1,32}$/.test(wordOf(command)) ||
        wordOf(description).length < 1 ||
        wordOf(description).length > 256
      )
        throw new ApiRefusal(400, "Bad Request: BOT_COMMAND_INVALID");
    }
    bot.commands = commands;
    return true;
  },
  sendmessage: (call) => {
    const chat = chatOf(call);
    const shown = formatted(call, "text");
    if (shown.text === "") throw new ApiRefusal(400, "Bad Request: message text is empty");
    if (shown.text.length > maxText) throw new ApiRefusal(400, "Bad Request: message is too long");
    return send(call, chat, { text: shown.text, ...entitiesApi("entities", shown.entities) });
  },
  sendpoll: (call) => {
    const chat = chatOf(call);
    const options = (json(call.params["options"]) as readonly unknown[]).map((option) =>
      typeof option === "string" ? option : wordOf((option as { text?: unknown }).text),
    );
    if (options.length < 2 || options.length > 12)
      throw new ApiRefusal(400, "Bad Request: poll must have at least 2 option");
    const question = wordOf(call.params["question"]);
    if (question === "" || question.length > maxQuestion)
      throw new ApiRefusal(400, `Bad Request: poll question length must not exceed ${maxQuestion}`);
    if (options.some((option) => option === "" || option.length > maxOption))
      throw new ApiRefusal(400, `Bad Request: poll options length must not exceed ${maxOption}`);
    const message = send(call, chat, {});
    const poll = {
      id: `poll-${chat.id}-${wordOf(message["message_id"])}`,
      question,
      options: options.map((text) => ({ text, voter_count: 0 })),
      is_anonymous: call.params["is_anonymous"] !== false && call.params["is_anonymous"] !== "false",
      allows_multiple_answers: call.params["allows_multiple_answers"] === true,
    };
    message["poll"] = poll;
    return message;
  },
  editmessagetext: (call) => {
    const message = ownMessage(call);
    const shown = formatted(call, "text");
    if (message.api["text"] === undefined)
      throw new ApiRefusal(400, "Bad Request: there is no text in the message to edit");
    if (shown.text.length > maxText) throw new ApiRefusal(400, "Bad Request: message is too long");
    if (shown.text === "") throw new ApiRefusal(400, "Bad Request: message text is empty");
    const markup = json(call.params["reply_markup"]);
    const entities = entitiesApi("entities", shown.entities);
    if (
      message.api["text"] === shown.text &&
      same(message.api["entities"], entities["entities"]) &&
      same(message.api["reply_markup"], markup)
    )
      throw new ApiRefusal(400, notModified);
    const { entities: _old, reply_markup: _markup, ...rest } = message.api;
    message.api = {
      ...rest,
      text: shown.text,
      ...entities,
      ...(markup !== undefined && { reply_markup: markup }),
      edit_date: call.world.nowS(),
    };
    return message.api;
  },
  editmessagecaption: (call) => {
    const message = ownMessage(call);
    const shown = formatted(call, "caption");
    if (shown.text.length > maxCaption) throw new ApiRefusal(400, "Bad Request: message caption is too long");
    if ((message.api["caption"] ?? "") === shown.text) throw new ApiRefusal(400, notModified);
    message.api = {
      ...message.api,
      caption: shown.text,
      ...entitiesApi("caption_entities", shown.entities),
      edit_date: call.world.nowS(),
    };
    return message.api;
  },
  editmessagereplymarkup: (call) => {
    const message = ownMessage(call);
    const markup = json(call.params["reply_markup"]);
    if (same(message.api["reply_markup"], markup)) throw new ApiRefusal(400, notModified);
    const { reply_markup: _old, ...rest } = message.api;
    message.api = { ...rest, ...(markup !== undefined && { reply_markup: markup }) };
    return message.api;
  },
  deletemessage: (call) => {
    const message = call.world.message(call.bot, chatOf(call), call.params["message_id"]);
    if (message === undefined) throw new ApiRefusal(400, "Bad Request: message to delete not found");
    message.deleted = true;
    return true;
  },
  setmessagereaction: (call) => {
    const message = call.world.message(call.bot, chatOf(call), call.params["message_id"]);
    if (message === undefined) throw new ApiRefusal(400, "Bad Request: message to react not found");
    const list = (json(call.params["reaction"]) ?? []) as readonly { readonly emoji: string }[];
    if (list.length > 1) throw new ApiRefusal(400, "Bad Request: REACTIONS_TOO_MANY");
    for (const { emoji } of list)
      if (!reactionEmoji.has(emoji)) throw new ApiRefusal(400, "Bad Request: REACTION_INVALID");
    message.reactions.set(
      call.bot.user.id,
      list.map(({ emoji }) => emoji),
    );
    return true;
  },
  sendchataction: (call) => {
    const chat = chatOf(call);
    const thread = call.params["message_thread_id"];
    chat.actions.push({
      action: wordOf(call.params["action"]),
      threadId: thread === undefined ? undefined : Number(thread),
    });
    if (chat.actions.length > 1_000) chat.actions.shift();
    return true;
  },
  getfile: ({ world, params }) => {
    const file = world.files.get(wordOf(params["file_id"]));
    if (file === undefined) throw new ApiRefusal(400, "Bad Request: invalid file_id");
    if (world.isTooBig(file)) throw new ApiRefusal(400, "Bad Request: file is too big");
    return { file_id: file.id, file_unique_id: `u-${file.id}`, file_size: file.bytes.length, file_path: file.path };
  },
  answercallbackquery: () => true,
  getchat: (call) => call.world.chatApi(chatOf(call)),
  getchatmember: (call) => {
    const user = call.world.users.get(Number(call.params["user_id"]));
    if (user === undefined) throw new ApiRefusal(400, "Bad Request: user not found");
    return { status: "member", user };
  },
};

/** A text or a number as a text; empty for everything else. */
export function wordOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

function json(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    throw new ApiRefusal(400, "Bad Request: can't parse JSON object");
  }
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
}

function chatOf({ bot, world, params }: CallContext): Chat {
  const chat = world.chat(params["chat_id"]);
  if (chat === undefined) throw new ApiRefusal(400, "Bad Request: chat not found");
  if (chat.without.has(bot.user.id)) {
    const how = chat.kind === "private" ? "blocked by the user" : `kicked from the ${chat.kind} chat`;
    throw new ApiRefusal(403, `Forbidden: bot was ${how}`);
  }
  if (chat.migratedTo !== undefined)
    throw new ApiRefusal(400, "Bad Request: group chat was upgraded to a supergroup chat", {
      migrate_to_chat_id: chat.migratedTo,
    });
  return chat;
}

function formatted({ params }: CallContext, key: "text" | "caption"): FormattedText {
  const source = wordOf(params[key]);
  if (params["parse_mode"] === undefined) return { text: source.trim(), entities: detectEntities(source.trim()) };
  if (wordOf(params["parse_mode"]).toLowerCase() !== "html")
    throw new ApiRefusal(400, "Bad Request: unsupported parse_mode");
  try {
    return parseHtml(source);
  } catch (error) {
    if (error instanceof CannotParse) throw new ApiRefusal(400, `Bad Request: can't parse entities: ${error.message}`);
    throw error;
  }
}

/** A message of this bot, for a method that changes one. */
function ownMessage(call: CallContext): StoredMessage {
  const message = call.world.message(call.bot, chatOf(call), call.params["message_id"]);
  if (message === undefined) throw new ApiRefusal(400, "Bad Request: message to edit not found");
  const from = message.api["from"] as { readonly id: number } | undefined;
  const isService = message.api["migrate_to_chat_id"] !== undefined || message.api["new_chat_members"] !== undefined;
  // In a channel whoever may edit may edit everything.
  const isOwn = from === undefined ? message.api["sender_chat"] !== undefined : from.id === call.bot.user.id;
  if (!isOwn || isService) throw new ApiRefusal(400, "Bad Request: message can't be edited");
  return message;
}

function sendMedia(call: CallContext, kind: string): unknown {
  const chat = chatOf(call);
  const upload = call.uploads.get(kind);
  const known = call.world.files.get(wordOf(call.params[kind]));
  if (upload === undefined && known === undefined)
    throw new ApiRefusal(400, `Bad Request: there is no ${kind} in the request`);
  if (upload !== undefined && upload.bytes.length === 0)
    throw new ApiRefusal(400, "Bad Request: file must be non-empty");
  if (kind === "photo" && upload !== undefined && upload.bytes.length > 10 * 1024 * 1024)
    throw new ApiRefusal(400, "Bad Request: PHOTO_INVALID_DIMENSIONS");
  const shown = formatted(call, "caption");
  if (shown.text.length > maxCaption) throw new ApiRefusal(400, "Bad Request: message caption is too long");
  const file =
    known ??
    call.world.addFile(upload?.bytes ?? new Uint8Array(), {
      folder: kind,
      ...(upload?.fileName !== undefined && { fileName: upload.fileName }),
    });
  const caption = shown.text === "" ? {} : { caption: shown.text, ...entitiesApi("caption_entities", shown.entities) };
  return send(call, chat, { ...fileApi(kind, file), ...caption });
}

function send(call: CallContext, chat: Chat, body: Record<string, unknown>): Record<string, unknown> {
  const { world, bot, params } = call;
  const thread = params["message_thread_id"] === undefined ? undefined : Number(params["message_thread_id"]);
  if (thread !== undefined && !chat.topics.has(thread))
    throw new ApiRefusal(400, "Bad Request: message thread not found");
  const reply = json(params["reply_parameters"]) as
    | { readonly message_id: number; readonly allow_sending_without_reply?: boolean }
    | undefined;
  const answered = reply === undefined ? undefined : world.message(bot, chat, reply.message_id);
  if (reply !== undefined && answered === undefined && reply.allow_sending_without_reply !== true)
    throw new ApiRefusal(400, "Bad Request: message to be replied not found");
  const markup = json(params["reply_markup"]);
  const author = chat.kind === "channel" ? { sender_chat: world.chatApi(chat) } : { from: bot.user };
  const message = world.store(bot, chat, {
    ...author,
    ...body,
    ...(thread !== undefined && { message_thread_id: thread, is_topic_message: true }),
    ...(answered !== undefined && { reply_to_message: quotedApi(answered) }),
    ...(markup !== undefined && { reply_markup: markup }),
  });
  return message.api;
}
