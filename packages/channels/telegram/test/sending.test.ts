import type { ChannelError, OutboundContent, OutboundFile } from "@saltgate/channel";
import { expect, test } from "vitest";
import { ChannelRig } from "../../../../tooling/emulators/src/suite/channel-rig.ts";
import { startTelegramWorld } from "../../../../tooling/emulators/src/telegram/telegram-world.ts";
import { commandMenu } from "../src/command-menu.ts";
import { adapter } from "../src/index.ts";

async function startRig(section: object = {}) {
  const world = await startTelegramWorld(adapter);
  const rig = await ChannelRig.open({ ...world, section: { ...(world.section as object), ...section } });
  let count = 0;
  return {
    ...world,
    rig,
    send: (content: OutboundContent, to: string = world.person.direct, threadId?: string) => {
      count += 1;
      return rig.connection.send(
        { id: `d${count}`, target: { to, ...(threadId && { threadId }) }, content },
        rig.signal,
      );
    },
    sent: (method: string) => world.telegram.calls.of(method).map(({ params }) => params),
    refuse: (method: string, description: string) =>
      world.telegram.faults.add({ kind: "refused", method, description }),
  };
}

const file = (kind: OutboundFile["kind"], size = 3): OutboundFile => ({
  kind,
  fileName: `a.${kind}`,
  mimeType: "application/octet-stream",
  bytes: new Uint8Array(size).fill(7),
});

test("[telegram:mended] sending: what Telegram can't parse is sent once more as plain text", async () => {
  await using at = await startRig();
  at.refuse("sendMessage", "Bad Request: can't parse entities: Unsupported start tag");
  await at.send({ kind: "text", text: "**a**" });
  expect(at.seen(at.person.direct)).toMatchObject([{ text: "**a**", styles: [] }]);
  at.refuse("sendMessage", "Bad Request: can't parse entities: x");
  at.refuse("sendMessage", "Bad Request: can't parse entities: x");
  await expect(at.send({ kind: "text", text: "b" })).rejects.toMatchObject({ kind: "refused" });
  expect(at.sent("sendMessage")).toHaveLength(4);
});

test("[telegram:mended] sending: what is longer as it is shown than as it was written, or nothing at all, is sent as it was written", async () => {
  await using at = await startRig();
  const cells = Array.from({ length: 60 }, (_, row) => `| ${row} | y |`);
  const table = ["| a | b |", "| - | - |", ...cells, `| ${"x".repeat(300)} | z |`].join("\n");
  const list = Array.from({ length: 140 }, () => "- a\n  - b\n    - c\n      - d").join("\n");
  for (const text of [table, list, "#", "```\n```"]) {
    expect(text.length).toBeLessThan(4_096);
    const { messageId } = await at.send({ kind: "text", text });
    expect(at.seen(at.person.direct).at(-1)).toMatchObject({ text, styles: [] });
    await at.send({ kind: "edit", messageId, text: "short" });
    await at.send({ kind: "edit", messageId, text });
    expect(at.seen(at.person.direct).at(-1)).toMatchObject({ text, styles: [] });
  }
});

test("[telegram:mended] sending: a topic that is gone is left out, once", async () => {
  await using at = await startRig();
  await at.send({ kind: "text", text: "hello" }, at.forum?.group, "4711");
  expect(at.seen(at.forum?.group ?? "")).toEqual([expect.not.objectContaining({ topic: expect.anything() })]);
  expect(at.sent("sendMessage").map((params) => params["message_thread_id"])).toEqual([4711, undefined]);
});

test("[telegram:mended] sending: what goes to a group's old id arrives at its new one, and the receipt says so", async () => {
  await using at = await startRig();
  const group = at.telegram.world.addChat({ kind: "group" });
  const newId = at.telegram.people.migrate({ chat: group.id, by: at.ann.id });
  const receipt = await at.send({ kind: "text", text: "hello" }, String(group.id));
  expect(receipt.conversationId).toBe(String(newId));
  expect(at.seen(String(newId))).toMatchObject([{ text: "hello" }]);
  // Messages are counted from one again there: neither is another one quoted, nor changed, nor taken away.
  const { messageId } = receipt;
  await at.send({ kind: "text", text: "again", replyToId: messageId }, String(group.id));
  expect(at.seen(String(newId)).at(-1)).not.toHaveProperty("replyTo");
  for (const content of [{ kind: "edit", messageId, text: "changed" } as const, { kind: "unsend", messageId } as const])
    await expect(at.send(content, String(group.id))).rejects.toMatchObject({ kind: "gone" });
  expect(at.seen(String(newId))).toMatchObject([{ text: "hello" }, { text: "again" }]);
});

test("[telegram:mended] sending: a voice message that isn't wanted is sent as a song, a bad picture as a file, a caption is edited as one", async () => {
  await using at = await startRig();
  at.refuse("sendVoice", "Bad Request: VOICE_MESSAGES_FORBIDDEN");
  await at.send({ kind: "media", file: file("voice") });
  at.refuse("sendPhoto", "Bad Request: PHOTO_INVALID_DIMENSIONS");
  const { messageId } = await at.send({ kind: "media", file: file("image"), caption: "one" });
  await at.send({ kind: "edit", messageId, text: "**two**" });
  const { messages } = at.telegram.shown(at.ann.id);
  expect(messages.map(({ media, text }) => [media?.kind, text])).toEqual([
    ["audio", ""],
    ["document", "two"],
  ]);
});

test("[telegram:send] sending: each kind of file by its own method, and what is too large for a photo as a file", async () => {
  await using at = await startRig();
  for (const kind of ["image", "video", "audio", "voice", "document", "animation", "sticker"] as const)
    await at.send({ kind: "media", file: file(kind) });
  await at.send({ kind: "media", file: file("image", 10 * 1024 * 1024 + 1) });
  await at.send({ kind: "media", file: file("sticker"), caption: "with words" });
  expect(at.telegram.shown(at.ann.id).messages.map(({ media }) => media?.kind)).toEqual([
    "photo",
    "video",
    "audio",
    "voice",
    "document",
    "animation",
    "sticker",
    "document",
    "document",
  ]);
});

test("[telegram:send] sending: a file answers, is silent, and goes into its topic", async () => {
  await using at = await startRig();
  const question = at.say({ in: at.forum!.group, topic: "77", text: "?" });
  await at.send(
    { kind: "media", file: file("document"), caption: "c", replyToId: question, silent: true },
    at.forum?.group,
    "77",
  );
  expect(at.seen(at.forum!.group)).toMatchObject([{ replyTo: question, topic: "77", text: "c" }]);
  expect(at.sent("sendDocument")[0]).toMatchObject({ disable_notification: "true" });
});

test("[telegram:send] sending: a file's name ends no header", async () => {
  await using at = await startRig();
  await at.send({ kind: "media", file: { ...file("document"), fileName: 'a"\r\nx-evil: 1\r\n\r\n../ü.txt' } });
  expect(at.telegram.shown(at.ann.id).messages[0]?.media).toMatchObject({
    fileName: "a___x-evil: 1____.._ü.txt",
    base64: "BwcH",
  });
});

test("[telegram:send] sending: the general topic has no number when something is sent, and one when typing is shown", async () => {
  await using at = await startRig();
  const { group } = at.forum!;
  await at.send({ kind: "text", text: "x" }, group, "1");
  await at.rig.connection.typing?.({ to: group, threadId: "1" }, at.rig.signal);
  expect(at.sent("sendMessage")[0]).not.toHaveProperty("message_thread_id");
  expect(at.telegram.shown(Number(group)).actions).toEqual([{ action: "typing", threadId: 1 }]);
});

test("[telegram:send] sending: an answer to a message that is gone is sent without quoting it", async () => {
  await using at = await startRig();
  await at.send({ kind: "text", text: "x", replyToId: "999" });
  expect(at.seen(at.person.direct)).toEqual([expect.not.objectContaining({ replyTo: expect.anything() })]);
});

test("[telegram:send] sending: buttons come back as commands, and the press is answered", async () => {
  await using at = await startRig();
  void at.rig.start();
  const buttons = [
    [
      { text: "Yes", value: "/approve 1" },
      { text: "No", value: "/deny 1" },
    ],
  ];
  const { messageId } = await at.send({ kind: "text", text: "May I?", buttons });
  expect(at.telegram.shown(at.ann.id).messages[0]?.buttons).toEqual([
    [
      { text: "Yes", data: "/approve 1" },
      { text: "No", data: "/deny 1" },
    ],
  ]);
  at.telegram.people.press({ chat: at.ann.id, message: Number(messageId), from: at.ann.id, data: "/approve 1" });
  await at.rig.inbox.until(1);
  expect(at.rig.inbox.events).toMatchObject([{ kind: "command", source: "button", text: "/approve 1", messageId }]);
  await at.telegram.calls.untilCalled("answerCallbackQuery");
  await at.rig.stop();
});

test("[telegram:send] sending: previews of links are shown unless the configuration says otherwise", async () => {
  await using shown = await startRig();
  await shown.send({ kind: "text", text: "https://a.example" });
  expect(shown.sent("sendMessage")[0]).not.toHaveProperty("link_preview_options");
  await using hidden = await startRig({ linkPreview: false });
  await hidden.send({ kind: "text", text: "https://a.example" });
  expect(hidden.sent("sendMessage")[0]).toMatchObject({ link_preview_options: { is_disabled: true } });
});

test.each<[string, OutboundContent, ChannelError["kind"]]>([
  ["a text that is too long", { kind: "text", text: "x".repeat(4_097) }, "refused"],
  ["an empty text", { kind: "text", text: " " }, "refused"],
  ["a caption that is too long", { kind: "media", file: file("image"), caption: "x".repeat(1_025) }, "refused"],
  ["an empty file", { kind: "media", file: file("image", 0) }, "refused"],
  ["an answer to what is no message", { kind: "text", text: "x", replyToId: "abc" }, "refused"],
  [
    "a button that brings back too much",
    { kind: "text", text: "x", buttons: [[{ text: "a", value: "ü".repeat(33) }]] },
    "refused",
  ],
  [
    "a poll that is open for an hour",
    { kind: "poll", question: "q", options: ["a", "b"], maxSelections: 1, durationS: 3_600 },
    "refused",
  ],
  ["a reaction that Telegram doesn't know", { kind: "react", messageId: "1", emoji: "🦄" }, "refused"],
  ["an edit of what is gone", { kind: "edit", messageId: "77", text: "x" }, "gone"],
  ["a reaction to what is gone", { kind: "react", messageId: "77", emoji: "👍" }, "gone"],
])("[telegram:errors] sending: %s is refused for good", async (_what, content, kind) => {
  await using at = await startRig();
  at.say({ text: "1" });
  await expect(at.send(content)).rejects.toMatchObject({ name: "ChannelError", kind });
});

test("[telegram:send] sending: taking back what is gone is no failure", async () => {
  await using at = await startRig();
  await expect(at.send({ kind: "unsend", messageId: "77" })).resolves.toMatchObject({ messageId: "77" });
});

test("[telegram:send] sending: a chat is found by its name, and the receipt says its id", async () => {
  await using at = await startRig();
  const channel = at.telegram.world.addChat({ kind: "channel", username: "news_room" });
  expect(await at.send({ kind: "text", text: "x" }, "@news_room")).toMatchObject({
    conversationId: String(channel.id),
  });
});

test("[telegram:media] media: what Telegram doesn't give, and a connection that ends, are told without the address", async () => {
  await using at = await startRig();
  const { connection, signal } = at.rig;
  const huge = at.telegram.world.addFile(new Uint8Array(20 * 1024 * 1024 + 1), { folder: "document" });
  const small = at.telegram.world.addFile(new Uint8Array(10), { folder: "document" });
  const fetching = async (ref: unknown) => connection.fetchMedia?.(ref, 1e9, signal).catch((error: unknown) => error);
  expect(await fetching({ fileId: huge.id })).toMatchObject({
    kind: "refused",
    fix: expect.stringContaining("mediaMaxMb"),
  });
  expect(await fetching({ fileId: "unheard-of" })).toMatchObject({ kind: "refused" });
  expect(await fetching("nonsense")).toMatchObject({ kind: "refused" });
  at.telegram.faults.add({ kind: "cut-before", method: "file" });
  const cut = await fetching({ fileId: small.id });
  expect(cut).toMatchObject({ kind: "transient" });
  expect(`${(cut as Error).stack} ${String((cut as Error).cause)}`).not.toContain(at.secrets[1]);
  expect(await fetching({ fileId: small.id })).toMatchObject({ bytes: new Uint8Array(10) });
});

test("[telegram:menu] menu: commands are shown as Telegram takes them, and what it doesn't take is left out", async () => {
  await using at = await startRig({ customCommands: [{ command: "backup", description: "Make a backup" }] });
  const commands = [
    { name: "/Status", description: "How it is" },
    { name: "new-session", description: "Begin anew" },
    { name: "über", description: "no" },
    { name: "empty", description: " " },
  ];
  await at.rig.connection.setCommandMenu?.(commands, at.rig.signal);
  expect(at.bot.commands).toEqual([
    { command: "status", description: "How it is" },
    { command: "new_session", description: "Begin anew" },
    { command: "backup", description: "Make a backup" },
  ]);
  expect(at.rig.lines.join()).toContain("über");
  const many = Array.from({ length: 150 }, (_, index) => ({ name: `c${index}`, description: "x" }));
  expect(commandMenu(many, []).menu).toHaveLength(100);
});
