import { expect, test } from "vitest";
import { normalise } from "../src/inbound/normalise.ts";

const ann = { id: 7, is_bot: false, first_name: "Ann", last_name: "Lee", username: "ann" };
const direct = { id: 7, type: "private", first_name: "Ann" };
const group = { id: -1001, type: "supergroup", title: "Family" };
const forum = { id: -1002, type: "supergroup", title: "Club", is_forum: true };
const bot = { id: 99, username: "helper_bot", name: "Helper" };
const nowMs = 1_700_000_100_000;

const read = (updates: readonly unknown[], isOurs: (chat: string, id: number) => boolean = () => false) =>
  normalise(updates, { bot, isOurs, backlogBeforeMs: 1_700_000_000_000 }, nowMs);
const message = (fields: object, chat: object = direct) => ({
  update_id: 1,
  message: { message_id: 5, date: 1_700_000_050, chat, from: ann, ...fields },
});
const only = (update: unknown, isOurs?: (chat: string, id: number) => boolean) => {
  const batch = read([update], isOurs);
  expect(batch.aside).toEqual([]);
  expect(batch.events).toHaveLength(1);
  return batch.events[0];
};

test("[telegram:receive] normalise: a private message says who, where and when", () => {
  expect(only(message({ text: "hi" }))).toEqual({
    kind: "message",
    nativeId: "message:7:5",
    conversation: { kind: "direct", id: "7", title: "Ann" },
    sender: { id: "7", name: "Ann Lee", username: "ann", isSelf: false, isBot: false },
    sentAtMs: 1_700_000_050_000,
    messageId: "5",
    text: "hi",
    media: [],
    mentions: { canDetect: true, explicit: false, any: false, implicit: false },
  });
});

test("[telegram:receive] normalise: a command that somebody types stays a message", () => {
  const entities = [{ type: "bot_command", offset: 0, length: 7 }];
  expect(only(message({ text: "/status", entities }))).toMatchObject({ kind: "message", text: "/status" });
});

test("[telegram:receive] normalise: what waited at Telegram is marked", () => {
  expect(only(message({ text: "hi", date: 1_699_999_999 }))).toMatchObject({ isBacklog: true });
  expect(only(message({ text: "hi", date: 1_700_000_000 }))).not.toHaveProperty("isBacklog");
});

test.each([
  [
    {
      photo: [
        { file_id: "s", width: 90, height: 90 },
        { file_id: "l", width: 800, height: 600, file_size: 9 },
        { file_id: "m", width: 320, height: 240 },
      ],
    },
    { kind: "image", ref: { fileId: "l" }, mimeType: "image/jpeg", bytes: 9 },
  ],
  [
    { voice: { file_id: "v", duration: 1, mime_type: "audio/ogg" } },
    { kind: "voice", ref: { fileId: "v" }, mimeType: "audio/ogg" },
  ],
  [{ audio: { file_id: "a", file_name: "song.mp3" } }, { kind: "audio", ref: { fileId: "a" }, fileName: "song.mp3" }],
  [{ video: { file_id: "x" } }, { kind: "video", ref: { fileId: "x" } }],
  [{ video_note: { file_id: "n" } }, { kind: "video", ref: { fileId: "n" } }],
  [
    { animation: { file_id: "g" }, document: { file_id: "g" } },
    { kind: "video", ref: { fileId: "g" } },
  ],
  [
    { document: { file_id: "d", file_name: "a.pdf", file_size: 12 } },
    { kind: "document", ref: { fileId: "d" }, fileName: "a.pdf", bytes: 12 },
  ],
  [{ sticker: { file_id: "k" } }, { kind: "sticker", ref: { fileId: "k" }, mimeType: "image/webp" }],
])("[telegram:media] normalise: %j is announced as one file", (fields, media) => {
  expect(only(message({ ...fields, caption: "see" }))).toMatchObject({ text: "see", media: [media] });
});

test("[telegram:receive] normalise: files of an album share its id", () => {
  const file = { photo: [{ file_id: "p", width: 1, height: 1 }], media_group_id: "g1" };
  expect(only(message(file))).toMatchObject({ albumId: "g1", text: "" });
});

test("[telegram:receive] normalise: places are places, with a name where they have one", () => {
  const location = { latitude: 52.5, longitude: 13.4, horizontal_accuracy: 20, live_period: 60 };
  expect(only(message({ location }))).toMatchObject({
    location: { latitude: 52.5, longitude: 13.4, accuracyM: 20, isLive: true },
  });
  const venue = { location: { latitude: 1, longitude: 2 }, title: "Zoo", address: "Street 1" };
  expect(only(message({ venue, location: venue.location }))).toMatchObject({
    location: { latitude: 1, longitude: 2, name: "Zoo", address: "Street 1" },
  });
});

test("[telegram:receive] normalise: answers, quotes and forwards say what they refer to", () => {
  const answered = {
    message_id: 3,
    chat: direct,
    from: { ...ann, id: 8, first_name: "Bob", last_name: "" },
    text: "the whole",
  };
  const quote = { text: "whole", position: 4, is_manual: true };
  expect(only(message({ text: "yes", reply_to_message: answered, quote }))).toMatchObject({
    replyTo: { messageId: "3", text: "the whole", senderName: "Bob", quote: "whole" },
  });
  const forward = (origin: object) => only(message({ text: "f", forward_origin: origin }));
  expect(forward({ type: "user", sender_user: ann, date: 1_600_000_000 })).toMatchObject({
    forwardedFrom: { name: "Ann Lee", atMs: 1_600_000_000_000 },
  });
  expect(forward({ type: "hidden_user", sender_user_name: "X", date: 1 })).toMatchObject({
    forwardedFrom: { name: "X" },
  });
  expect(forward({ type: "channel", chat: { id: -5, title: "News" }, date: 1 })).toMatchObject({
    forwardedFrom: { name: "News" },
  });
});

test("[telegram:receive] normalise: what has neither text nor file is said in words", () => {
  expect(only(message({ contact: { first_name: "Bob", phone_number: "+49 1" } }))).toMatchObject({
    text: "Bob: +49 1",
  });
  expect(only(message({ dice: { emoji: "🎲", value: 4 } }))).toMatchObject({ text: "🎲 4" });
  expect(only(message({ poll: { question: "Tea?", options: [{ text: "yes" }, { text: "no" }] } }))).toMatchObject({
    text: "Tea?\n- yes\n- no",
  });
});

test("[telegram:receive] normalise: addresses behind words follow them, wherever emoji stand", () => {
  const link = (offset: number, length: number, url: string) => ({ type: "text_link", offset, length, url });
  const entities = [link(3, 4, "https://a.example/?x=1"), { type: "bold", offset: 0, length: 2 }, link(8, 5, "tg://b")];
  expect(only(message({ text: "👍 here there!", entities }))).toMatchObject({
    text: "👍 here (https://a.example/?x=1) there (tg://b)!",
  });
  const photo = [{ file_id: "p", width: 1, height: 1 }];
  const caption = { photo, caption: "see", caption_entities: [link(0, 3, "https://c.example")] };
  expect(only(message(caption))).toMatchObject({ text: "see (https://c.example)" });
  const shown = { text: "a.example", entities: [link(0, 9, "https://a.example/")] };
  expect(only(message(shown))).toMatchObject({ text: "a.example" });
  const odd = [link(-3, 2, "x"), link(90, 4, "y"), link(0, -1, "z"), { type: "text_link", offset: "0", url: 1 }];
  expect(only(message({ text: "plain", entities: odd }))).toMatchObject({ text: "plain" });
  const edited = {
    message_id: 5,
    date: 1,
    edit_date: 2,
    chat: direct,
    from: ann,
    text: "see",
    entities: [link(0, 3, "u")],
  };
  expect(only({ update_id: 1, edited_message: edited })).toMatchObject({ kind: "edit", text: "see (u)" });
});

test.each([
  [{ story: { chat: group, id: 3 } }, "(a story, which bots can't see)"],
  [{ paid_media: { star_count: 5, paid_media: [{ type: "preview" }] } }, "(paid media, which bots can't see)"],
  [{ game: { title: "Chess", description: "Play it.", photo: [] } }, "(a game)\nChess\nPlay it."],
  [{ invoice: { title: "Tea", description: "Two cups.", currency: "EUR" } }, "(an invoice)\nTea\nTwo cups."],
  [{ giveaway: { chats: [group], winner_count: 1, prize_description: "Tea" } }, "(a giveaway)\nTea"],
  [
    {
      checklist: {
        title: "Buy",
        tasks: [
          { id: 1, text: "tea" },
          { id: 2, text: "milk", completion_date: 5 },
        ],
      },
    },
    "Buy\n- [ ] tea\n- [x] milk",
  ],
])("[telegram:receive] normalise: %j isn't lost without a word", (fields, text) => {
  expect(only(message(fields))).toMatchObject({ kind: "message", text });
});

test("[telegram:receive] normalise: topics of forums are threads, and chains of answers elsewhere are not", () => {
  const inTopic = { text: "x", message_thread_id: 77, is_topic_message: true };
  expect(only(message(inTopic, forum))).toMatchObject({ conversation: { kind: "group", id: "-1002", threadId: "77" } });
  expect(only(message({ text: "x" }, forum))).toMatchObject({ conversation: { threadId: "1" } });
  // In the general topic, a chain of answers has an id as well.
  expect(only(message({ text: "x", message_thread_id: 50 }, forum))).toMatchObject({ conversation: { threadId: "1" } });
  expect(only(message({ text: "x", message_thread_id: 50 }, group))?.conversation).not.toHaveProperty("threadId");
  expect(only(message({ text: "x", message_thread_id: 9 }))).toMatchObject({
    conversation: { kind: "direct", threadId: "9" },
  });
});

test("[telegram:receive] normalise: the message that opened a topic isn't answered by everything in it", () => {
  const opener = { message_id: 77, chat: forum, from: { id: 99 }, forum_topic_created: { name: "Garden" } };
  const event = only(
    message({ text: "x", message_thread_id: 77, is_topic_message: true, reply_to_message: opener }, forum),
  );
  expect(event).not.toHaveProperty("replyTo");
  expect(event).toMatchObject({ mentions: { implicit: false } });
});

test("[telegram:receive] normalise: what is quoted from another chat arrives with what answers it", () => {
  const origin = { type: "channel", chat: { id: -1005, type: "channel", title: "News" }, message_id: 3, date: 1 };
  const answer = { text: "is that so?", external_reply: { origin, message_id: 3 } };
  const quote = { text: "it rains", position: 0 };
  expect(only(message({ ...answer, quote }))).toMatchObject({ replyTo: { quote: "it rains", senderName: "News" } });
  expect(only(message({ ...answer, quote }, group))).toMatchObject({ mentions: { implicit: false } });
  expect(only(message(answer))).not.toHaveProperty("replyTo");
  expect(only(message({ ...answer, external_reply: 5, quote: "x" }))).not.toHaveProperty("replyTo");
});

test("[telegram:receive] normalise: posts of a channel come from the channel", () => {
  const chat = { id: -1005, type: "channel", title: "News" };
  const post = { message_id: 2, date: 1_700_000_050, chat, sender_chat: chat, text: "today" };
  expect(only({ update_id: 1, channel_post: post })).toMatchObject({
    kind: "message",
    conversation: { kind: "channel", id: "-1005" },
    sender: { id: "-1005", name: "News", isBot: false },
  });
});

test.each([
  ["@helper_bot now", [{ type: "mention", offset: 0, length: 11 }], true, true],
  ["ask @Helper_Bot", [{ type: "mention", offset: 4, length: 11 }], true, true],
  ["ask @helper_bot, please", [], true, true],
  ["/run@helper_bot", [{ type: "bot_command", offset: 0, length: 15 }], true, true],
  ["/run@other_bot", [{ type: "bot_command", offset: 0, length: 14 }], false, false],
  ["@helper_bot2 now", [{ type: "mention", offset: 0, length: 12 }], false, true],
  ["me@helper_bot.example", [], false, false],
  ["@bob look", [{ type: "mention", offset: 0, length: 4 }], false, true],
  ["Helper look", [{ type: "text_mention", offset: 0, length: 6, user: { id: 99 } }], true, true],
  ["Bob look", [{ type: "text_mention", offset: 0, length: 3, user: { id: 8 } }], false, true],
  ["nobody", [], false, false],
])("[telegram:mentions] normalise: %j names us: %o", (text, entities, explicit, any) => {
  expect(only(message({ text, entities }, group))).toMatchObject({ mentions: { canDetect: true, explicit, any } });
});

test.each([
  ["/run@other_bot now", true],
  ["/RUN@Other_Bot", true],
  ["/run@helper_bot2", true],
  ["/run@other_bot what @helper_bot says", true],
  ["/run@Helper_Bot", false],
  ["/run now @other_bot", false],
  ["tell /run@other_bot", false],
])("[telegram:mentions] normalise: %j is a command for another bot: %o", (text, isForAnother) => {
  for (const said of [{ text }, { caption: text, document: { file_id: "d" } }]) {
    const event = only(message(said, group));
    expect(event?.kind === "message" && (event.mentions.isForAnother ?? false)).toBe(isForAnother);
  }
});

test("[telegram:mentions] normalise: an answer to us is for us, one to somebody else isn't", () => {
  const answerTo = (id: number) => ({
    message_id: 3,
    chat: group,
    from: { id, is_bot: true, first_name: "B" },
    text: "q",
  });
  expect(only(message({ text: "a", reply_to_message: answerTo(99) }, group))).toMatchObject({
    mentions: { implicit: true },
  });
  expect(only(message({ text: "a", reply_to_message: answerTo(98) }, group))).toMatchObject({
    mentions: { implicit: false },
  });
  expect(
    only(message({ caption: "@helper_bot", photo: [{ file_id: "p", width: 1, height: 1 }] }, group)),
  ).toMatchObject({
    mentions: { explicit: true },
  });
});

test("[telegram:identity] [R-42] normalise: anonymous administrators and channels are known by their chat, never by the user they share", () => {
  const anonymous = { id: 1_087_968_824, is_bot: true, first_name: "Group", username: "GroupAnonymousBot" };
  expect(only(message({ text: "x", from: anonymous, sender_chat: group }, group))).toMatchObject({
    sender: { id: "-1001", isBot: false, isSelf: false },
  });
  expect(only(message({ text: "x", from: undefined }, group))).toMatchObject({ sender: { id: "" } });
  expect(only(message({ text: "x", from: { ...ann, id: 99, is_bot: true } }, group))).toMatchObject({
    sender: { id: "99", isSelf: true, isBot: true },
  });
});

test("[telegram:notices] normalise: an edit, with its new text and its own time", () => {
  const edited = {
    message_id: 5,
    date: 1_700_000_050,
    edit_date: 1_700_000_090,
    chat: direct,
    from: ann,
    text: "better",
  };
  expect(only({ update_id: 31, edited_message: edited })).toMatchObject({
    kind: "edit",
    nativeId: "update:31",
    messageId: "5",
    text: "better",
    sentAtMs: 1_700_000_090_000,
  });
});

test("[telegram:notices] normalise: each reaction that came or went is an event of its own", () => {
  const emoji = (one: string) => ({ type: "emoji", emoji: one });
  const update = {
    update_id: 40,
    message_reaction: {
      chat: group,
      message_id: 5,
      user: ann,
      date: 1_700_000_060,
      old_reaction: [emoji("👍"), emoji("🔥")],
      new_reaction: [emoji("🔥"), emoji("❤"), { type: "custom_emoji", custom_emoji_id: "123" }],
    },
  };
  const { events } = read([update], (chat, id) => chat === "-1001" && id === 5);
  expect(events).toMatchObject([
    { kind: "reaction", nativeId: "update:40:0", messageId: "5", emoji: "❤", isOurs: true, sender: { id: "7" } },
    { kind: "reaction", nativeId: "update:40:1", messageId: "5", isOurs: true },
    { kind: "reaction", nativeId: "update:40:2", messageId: "5", emoji: "👍", isRemoval: true },
  ]);
  expect(events[1]).not.toHaveProperty("emoji");
});

test("[telegram:notices] normalise: a press of a button is a command, to be answered", () => {
  const press = {
    id: "cb1",
    from: ann,
    message: { message_id: 6, date: 1, chat: forum, message_thread_id: 77, is_topic_message: true },
    data: "/approve 1",
  };
  const batch = read([{ update_id: 50, callback_query: press }]);
  expect(batch.presses).toEqual(["cb1"]);
  expect(batch.events).toMatchObject([
    {
      kind: "command",
      source: "button",
      nativeId: "callback:cb1",
      text: "/approve 1",
      messageId: "6",
      sender: { id: "7" },
      conversation: { id: "-1002", threadId: "77" },
    },
  ]);
  expect(read([{ update_id: 51, callback_query: { id: "cb2", from: ann, game_short_name: "x" } }])).toMatchObject({
    events: [],
    presses: ["cb2"],
  });
});

test("[telegram:notices] normalise: who comes, who goes, what is pinned, and that the bot itself is let in", () => {
  const bob = { id: 8, is_bot: false, first_name: "Bob" };
  expect(read([message({ new_chat_members: [ann, bob] }, group)]).events).toMatchObject([
    { kind: "membership", nativeId: "message:-1001:5:0", sender: { id: "7" } },
    { kind: "membership", nativeId: "message:-1001:5:1", sender: { id: "8" } },
  ]);
  expect(only(message({ left_chat_member: bob }, group))).toMatchObject({
    kind: "membership",
    sender: { id: "8" },
    isRemoval: true,
  });
  expect(only(message({ pinned_message: { message_id: 2 } }, group))).toMatchObject({ kind: "pin", messageId: "2" });
  const change = { chat: group, from: ann, date: 1_700_000_050, new_chat_member: { status: "kicked" } };
  expect(only({ update_id: 60, my_chat_member: change })).toMatchObject({
    kind: "membership",
    isOurs: true,
    isRemoval: true,
  });
});

test("[telegram:notices] normalise: a group's new id is one event, whichever of the two messages tells it", () => {
  const basic = { id: -55, type: "group", title: "Family" };
  const old = only(message({ migrate_to_chat_id: -1009 }, basic));
  const fresh = only(message({ migrate_from_chat_id: -55 }, { id: -1009, type: "supergroup", title: "Family" }));
  expect(old).toMatchObject({
    kind: "migration",
    nativeId: "migration:-55:-1009",
    newId: "-1009",
    conversation: { id: "-55" },
  });
  expect(fresh).toMatchObject({
    kind: "migration",
    nativeId: "migration:-55:-1009",
    newId: "-1009",
    conversation: { id: "-55" },
  });
});

test("[telegram:malformed] normalise: whatever comes, nothing throws, and everything unreadable is kept", () => {
  const broken: readonly unknown[] = [
    null,
    7,
    "x",
    [],
    {},
    { update_id: "1" },
    { update_id: 2, message: null },
    { update_id: 3, message: { message_id: 1 } },
    { update_id: 4, message: { message_id: 1, date: 1, chat: { id: 1, type: "planet" } } },
    { update_id: 5, message: { message_id: 1, date: 1, chat: { id: 2 ** 60, type: "group" } } },
    { update_id: 6, callback_query: { data: "x" } },
    { update_id: 7, message_reaction: { chat: group } },
  ];
  const batch = read([...broken, { ...message({ text: "fine" }), update_id: 8 }]);
  expect(batch.events).toHaveLength(1);
  expect(batch.aside).toHaveLength(broken.length);
  expect(batch.lastId).toBe(8);
  expect(batch.aside.map(({ nativeId }) => nativeId)).toContain("update:3");
});

test("[telegram:malformed] normalise: what is kept of an unreadable update is bounded", () => {
  const { aside } = read([{ update_id: 1, message: { text: "ü".repeat(100_000) } }]);
  expect(Buffer.byteLength(aside[0]?.raw ?? "")).toBeLessThanOrEqual(65_536);
  expect(aside[0]?.raw).not.toContain("\ufffd");
});

test("[telegram:receive] normalise: updates that come in any order are read in the order of their ids", () => {
  const numbered = (id: number) => ({ ...message({ text: String(id), message_id: id }), update_id: id });
  const { events, lastId } = read([numbered(3), numbered(1), numbered(2)]);
  expect(events.map((event) => "text" in event && event.text)).toEqual(["1", "2", "3"]);
  expect(lastId).toBe(3);
});
