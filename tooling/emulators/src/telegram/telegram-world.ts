import type { ChannelAdapter } from "@saltgate/channel";
import type { Breakage, ChannelWorld, SeenMessage } from "../suite/channel-world.ts";
import { SteppedClock } from "../suite/stepped-clock.ts";
import { startTelegram } from "./control.ts";
import type { FaultKind } from "./faults.ts";
import type { ShownMessage } from "./telegram.ts";

const faultOf: Readonly<Record<Breakage, FaultKind>> = {
  "answer-lost": "cut-after",
  "request-lost": "cut-before",
  "error-after": "error-after",
  rate: "rate",
  "never-answered": "silent-after",
  unauthorized: "unauthorized",
};

/** Telegram with one bot, one person, a group and a forum. */
export async function startTelegramWorld(adapter: ChannelAdapter) {
  const clock = new SteppedClock();
  const telegram = await startTelegram({ nowS: () => Math.floor(clock.now() / 1_000) });
  const { world, people, calls, faults } = telegram;
  const bot = world.addBot({ username: "helper_bot" });
  const ann = world.addUser({ firstName: "Ann", lastName: "Lee", username: "ann" });
  const group = world.addChat({ kind: "supergroup", title: "Family" });
  const forum = world.addChat({ kind: "supergroup", title: "Club", isForum: true, topics: { "77": "Garden" } });
  let isGone = false;
  const vanish = async (): Promise<void> => {
    if (!isGone) await telegram[Symbol.asyncDispose]();
    isGone = true;
  };
  const channel: ChannelWorld = {
    adapter,
    section: { botToken: bot.token, apiRoot: telegram.url },
    clock,
    secrets: [bot.token, bot.token.slice(bot.token.indexOf(":") + 1)],
    person: { id: String(ann.id), direct: String(ann.id) },
    group: String(group.id),
    forum: { group: String(forum.id), topic: "77" },
    say: ({ in: chat, text, mentionsUs, file, replyTo, topic }) =>
      String(
        people.say({
          from: ann.id,
          ...(chat !== undefined && { chat: Number(chat) }),
          ...(text !== undefined && { text: mentionsUs ? `@helper_bot ${text}` : text }),
          ...(file !== undefined && { media: { kind: "document", ...file } }),
          ...(replyTo !== undefined && { replyTo: Number(replyTo) }),
          ...(topic !== undefined && { topic: Number(topic) }),
        }),
      ),
    redeliver: () => bot.queue.redeliver(),
    sayGarbage: () => bot.queue.inject({ message: { message_id: "no number", chat: null } }),
    held: () => bot.queue.pending.length,
    seen: (chat) => telegram.fromBots(Number(chat)).map(seenMessage),
    reactionsOf: (chat, message) =>
      telegram.shown(Number(chat)).messages.find(({ id }) => id === Number(message))?.reactions[String(bot.user.id)] ??
      [],
    typings: (chat) => telegram.shown(Number(chat)).actions.filter(({ action }) => action === "typing").length,
    breakSending: (how, retryAfterS) =>
      faults.add({ kind: faultOf[how], method: "sendMessage", ...(retryAfterS !== undefined && { retryAfterS }) }),
    breakReceiving: (how) =>
      faults.add({ kind: how === "never-answered" ? "silent" : faultOf[how], method: "getUpdates" }),
    untilBroken: () => calls.until(() => faults.left === 0),
    untilListening: () => calls.until(() => bot.queue.isPolled && bot.queue.pending.length === 0),
    overlaps: () => bot.queue.overlaps,
    vanish,
    [Symbol.asyncDispose]: vanish,
  };
  return { ...channel, telegram, bot, ann, chats: { group, forum } };
}

function seenMessage({ id, text, entities, media, replyTo, threadId, isEdited, poll }: ShownMessage): SeenMessage {
  const options = (poll as { readonly options?: readonly { readonly text: string }[] } | undefined)?.options;
  return {
    id: String(id),
    text,
    styles: entities.map(({ type, offset, length }) => `${type}:${offset}:${length}`),
    isEdited,
    ...(media !== undefined && { fileBase64: media.base64 }),
    ...(replyTo !== undefined && { replyTo: String(replyTo) }),
    ...(threadId !== undefined && { topic: String(threadId) }),
    ...(options !== undefined && { pollOptions: options.map(({ text: option }) => option) }),
  };
}
