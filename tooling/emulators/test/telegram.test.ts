import { Telegram } from "telegraf";
import { expect, test } from "vitest";
import { startTelegram } from "../src/telegram/control.ts";

async function start() {
  const telegram = await startTelegram();
  const bot = telegram.world.addBot({ username: "helper_bot" });
  const api = new Telegram(bot.token, { apiRoot: telegram.url });
  const ann = telegram.world.addUser({ firstName: "Ann" });
  return Object.assign(telegram, {
    bot,
    api,
    ann: ann.id,
    poll: (offset: number, timeout = 0) =>
      api.callApi("getUpdates", { offset, timeout, limit: 100, allowed_updates: [] }),
    /** A method with whatever it gets, and what comes of it in words. */
    say: (method: string, params: object) =>
      (api.callApi as unknown as (method: string, params: object) => Promise<unknown>).call(api, method, params).then(
        () => "done",
        (error: unknown) => String((error as { description?: string }).description),
      ),
  });
}

test("[telegram:emulator] emulator: an update comes until an offset above it is asked for", async () => {
  await using at = await start();
  at.people.say({ from: at.ann, text: "one" });
  at.people.say({ from: at.ann, text: "two" });
  const first = await at.poll(0);
  expect(first).toHaveLength(2);
  expect(await at.poll(0)).toEqual(first);
  expect(await at.poll(first[1]!.update_id)).toHaveLength(1);
  expect(await at.poll(first[1]!.update_id + 1)).toEqual([]);
});

test("[telegram:emulator] emulator: a poll waits for what comes, and a second one ends the first with a conflict", async () => {
  await using at = await start();
  const waiting = at.poll(0, 30);
  await at.calls.until(() => at.bot.queue.isPolled);
  at.people.say({ from: at.ann, text: "hello" });
  expect(await waiting).toHaveLength(1);
  const first = at.poll(999_999, 30).catch((error: unknown) => error);
  await at.calls.until(() => at.bot.queue.isPolled);
  const second = at.poll(999_999, 30);
  expect(await first).toMatchObject({ code: 409 });
  at.bot.queue.endPoll();
  expect(await second).toEqual([]);
});

test("[telegram:emulator] emulator: a bot that was thrown out or blocked hears nothing and says nothing, until it is let in again", async () => {
  await using at = await start();
  const group = at.world.addChat({ kind: "supergroup", title: "Crew" });
  for (const [chat, words] of [
    [group.id, "Forbidden: bot was kicked from the supergroup chat"],
    [at.ann, "Forbidden: bot was blocked by the user"],
  ] as const) {
    const send = () => at.say("sendMessage", { chat_id: chat, text: "hello" });
    expect(await send()).toBe("done");
    at.people.botMember({ chat, by: at.ann, isRemoval: true });
    at.people.say({ from: at.ann, chat, text: "unheard" });
    expect(await send()).toBe(words);
    at.people.botMember({ chat, by: at.ann });
    expect(await send()).toBe("done");
  }
  expect(JSON.stringify(await at.poll(0))).not.toContain("unheard");
});

test("[telegram:emulator] emulator: polls have the lengths of the Bot API", async () => {
  await using at = await start();
  const poll = (question: string, option: string) =>
    at.say("sendPoll", { chat_id: at.ann, question, options: [{ text: "no" }, { text: option }] });
  expect(await poll("q".repeat(300), "o".repeat(100))).toBe("done");
  expect(await poll("q".repeat(301), "o")).toContain("question");
  expect(await poll("q", "o".repeat(101))).toContain("options");
});

test("[telegram:emulator] emulator: nobody polls while a webhook is set", async () => {
  await using at = await start();
  await at.api.callApi("setWebhook", { url: "http://127.0.0.1:1/" });
  await expect(at.poll(0)).rejects.toMatchObject({
    code: 409,
    description: expect.stringContaining("webhook is active"),
  });
  await at.api.callApi("deleteWebhook", {});
  expect(await at.poll(0)).toEqual([]);
});

test("[telegram:emulator] emulator: reactions come only to whoever asked for them", async () => {
  await using at = await start();
  const message = at.people.say({ from: at.ann, text: "hi" });
  const react = () => at.people.react({ chat: at.ann, message, from: at.ann, emoji: ["👍"] });
  react();
  expect(await at.poll(0)).toHaveLength(1);
  await at.api.callApi("getUpdates", {
    offset: 0,
    timeout: 0,
    limit: 100,
    allowed_updates: ["message", "message_reaction"],
  });
  react();
  expect(await at.poll(0)).toHaveLength(2);
});

test.each([
  ["<b>x", /can't parse entities: Can't find end tag corresponding to start tag "b" at byte offset 4/],
  ["x</b>", /can't parse entities: Unexpected end tag at byte offset 1/],
  ["<b><i>x</b></i>", /can't parse entities: Unmatched end tag, expected "<\/i>", found "<\/b>" at byte offset 7/],
  ["ü<p>x</p>", /can't parse entities: Unsupported start tag "p" at byte offset 2/],
  ["1 < 2", /can't parse entities: Unsupported start tag ""/],
  ['<span class="x">y</span>', /Tag "span" must have class "tg-spoiler"/],
  ["<b></b>", /message text is empty/],
  [`<b>${"x".repeat(4_097)}</b>`, /message is too long/],
  [`<b>${"&lt;".repeat(4_096)}</b>`, /^done$/],
  ["a &amp; b &nbsp; &#65; &unknown", /^done$/],
])("[telegram:emulator] emulator: %.40s as HTML", async (text, answer) => {
  await using at = await start();
  expect(await at.say("sendMessage", { chat_id: at.ann, text, parse_mode: "HTML" })).toMatch(answer);
});

test("[telegram:emulator] emulator: HTML becomes text and what is shown of it", async () => {
  await using at = await start();
  const text =
    ' <b>a <i>b</i></b> <a href="https://x.example/?a=1&amp;b=2">c</a> <pre><code class="language-ts">d</code></pre> ';
  await at.say("sendMessage", { chat_id: at.ann, text, parse_mode: "HTML" });
  expect(at.shown(at.ann).messages[0]).toMatchObject({
    text: "a b c d",
    entities: [
      { type: "bold", offset: 0, length: 3 },
      { type: "italic", offset: 2, length: 1 },
      { type: "text_link", offset: 4, length: 1, url: "https://x.example/?a=1&b=2" },
      { type: "pre", offset: 6, length: 1, language: "ts" },
    ],
  });
});

test("[telegram:emulator] emulator: private chats and basic groups count together, each supergroup for itself", async () => {
  await using at = await start();
  const bob = at.world.addUser({ firstName: "Bob" }).id;
  const group = at.world.addChat({ kind: "group" }).id;
  const one = at.world.addChat({ kind: "supergroup" }).id;
  const two = at.world.addChat({ kind: "supergroup" }).id;
  const said = [at.ann, bob, group, one, two, one].map((chat) => at.people.say({ from: at.ann, chat, text: "x" }));
  expect(said).toEqual([1, 2, 3, 1, 1, 2]);
});

test("[telegram:emulator] emulator: leaving the buttons of a message as they are tells whose it is", async () => {
  await using at = await start();
  const theirs = at.people.say({ from: at.ann, text: "x" });
  const { message_id: ours } = await at.api.sendMessage(at.ann, "y");
  const probe = (message_id: number) => at.say("editMessageReplyMarkup", { chat_id: at.ann, message_id });
  expect(await probe(ours)).toMatch(/^Bad Request: message is not modified/);
  expect(await probe(theirs)).toBe("Bad Request: message can't be edited");
  expect(await probe(99)).toBe("Bad Request: message to edit not found");
  await at.api.deleteMessage(at.ann, ours);
  expect(await probe(ours)).toBe("Bad Request: message to edit not found");
});

test("[telegram:emulator] emulator: refusals are said in Telegram's words", async () => {
  await using at = await start();
  const forum = at.world.addChat({ kind: "supergroup", isForum: true, topics: { "7": "Seven" } }).id;
  const basic = at.world.addChat({ kind: "group" }).id;
  const text = "x";
  expect(await at.say("sendMessage", { chat_id: 5, text })).toBe("Bad Request: chat not found");
  expect(await at.say("sendMessage", { chat_id: forum, message_thread_id: 7, text })).toBe("done");
  expect(await at.say("sendMessage", { chat_id: forum, message_thread_id: 8, text })).toBe(
    "Bad Request: message thread not found",
  );
  expect(await at.say("sendMessage", { chat_id: at.ann, text, reply_parameters: { message_id: 9 } })).toBe(
    "Bad Request: message to be replied not found",
  );
  expect(
    await at.say("setMessageReaction", { chat_id: forum, message_id: 1, reaction: [{ type: "emoji", emoji: "🦄" }] }),
  ).toBe("Bad Request: REACTION_INVALID");
  expect(await at.say("unheardOf", {})).toContain("method not found");
  const supergroup = at.people.migrate({ chat: basic, by: at.ann });
  await expect(at.api.sendMessage(basic, "x")).rejects.toMatchObject({
    parameters: { migrate_to_chat_id: supergroup },
  });
});

test("[telegram:emulator] emulator: files come and go as they are", async () => {
  await using at = await start();
  const bytes = Buffer.from([0, 1, 2, 255, 13, 10, 45, 45]);
  await at.api.sendDocument(at.ann, { source: bytes, filename: "a.bin" }, { caption: "<b>c</b>", parse_mode: "HTML" });
  const { media, text } = at.shown(at.ann).messages[0]!;
  expect([media, text]).toEqual([{ kind: "document", base64: bytes.toString("base64"), fileName: "a.bin" }, "c"]);
  at.people.say({ from: at.ann, media: { kind: "photo", bytes: new Uint8Array(bytes) } });
  const [update] = (await at.poll(0)) as unknown as { message: { photo: { file_id: string }[] } }[];
  const link = await at.api.getFileLink(update!.message.photo[0]!.file_id);
  expect(Buffer.from(await (await fetch(link)).arrayBuffer())).toEqual(bytes);
  expect((await fetch(`${at.url}/file/bot1:wrong/photo/file_1`)).status).toBe(404);
});

test("[telegram:emulator] emulator: faults happen as often as they were planned, and what was done stays done", async () => {
  await using at = await start();
  const send = () => at.api.sendMessage(at.ann, "x").catch((error: unknown) => error);
  for (const kind of ["rate", "error-before", "cut-before", "error-after", "cut-after"] as const)
    at.faults.add({ kind, method: "sendMessage", retryAfterS: 3 });
  expect(await send()).toMatchObject({ code: 429, parameters: { retry_after: 3 } });
  expect(await send()).toMatchObject({ code: 502 });
  expect(await send()).toMatchObject({ code: "ECONNRESET" });
  expect(at.fromBots(at.ann)).toHaveLength(0);
  expect(await send()).toMatchObject({ code: 502 });
  expect(await send()).toMatchObject({ code: "ECONNRESET" });
  expect(at.fromBots(at.ann)).toHaveLength(2);
  at.revoke(at.bot.token);
  expect(await send()).toMatchObject({ code: 401 });
});
