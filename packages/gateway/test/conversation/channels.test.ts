import { describe, expect, test } from "vitest";
import { ALL, type ChatPlace, chatPlace } from "../support/chat-place.ts";
import { errorOf, type Wire } from "../support/world.ts";

interface Deliveries {
  readonly deliveries: readonly {
    readonly id: string;
    readonly state: string;
    readonly preview: string;
    readonly error?: string;
  }[];
  readonly outbox: { readonly open: number; readonly dead: number };
}

interface Account {
  readonly running: boolean;
  readonly connected: boolean;
  readonly health: string;
  readonly lastError?: string;
  readonly fix?: string;
  readonly probe?: { readonly ok: boolean };
}

const key = () => crypto.randomUUID();

const texts = ({ telegram }: ChatPlace, chat: number): string[] => telegram.fromBots(chat).map(({ text }) => text);

const deliveries = async (wire: Wire) => (await wire.request("deliveries.list", {})).payload as Deliveries;

const status = async (wire: Wire, params: Record<string, unknown> = {}) => {
  const { payload } = await wire.request("channels.status", params);
  const [account] = (payload as { channelAccounts: { telegram: Account[] } }).channelAccounts.telegram;
  if (account === undefined) throw new Error("there is no account");
  return account;
};

/** Waits for an account to be in a state. @param look what happens before each look, e.g. time that passes */
const until = (wire: Wire, state: Partial<Account>, look: () => void = () => undefined) =>
  expect
    .poll(
      () => {
        look();
        return status(wire);
      },
      { timeout: 10_000, interval: 5 },
    )
    .toMatchObject(state);

describe("send", () => {
  test("[chat:sending] send: stands in the chat once, in parts where it is long, and with its receipt", async () => {
    await using place = await chatPlace();
    await using world = await place.open({ telegram: {} });
    const wire = await world.operator();
    await until(wire, { connected: true });
    const to = String(place.ann.id);
    const short = { to, message: "a **bold** word", idempotencyKey: key() };
    const first = await wire.request("send", short);
    expect(first.payload).toMatchObject({
      runId: short.idempotencyKey,
      channel: "telegram",
      messageId: expect.stringMatching(/^\d+$/),
      chatId: to,
    });
    expect((await wire.request("send", short)).payload).toEqual(first.payload);
    expect(texts(place, place.ann.id)).toEqual(["a bold word"]);
    await wire.request("send", { to, message: "word ".repeat(1_600), idempotencyKey: key() });
    expect(texts(place, place.ann.id)).toHaveLength(3);
    const file = Buffer.from("a file");
    await wire.request("send", {
      to,
      message: "look",
      buffer: file.toString("base64"),
      filename: "a.txt",
      contentType: "text/plain",
      idempotencyKey: key(),
    });
    const sent = place.telegram.fromBots(place.ann.id).at(-1);
    expect(sent).toMatchObject({ text: "look", media: { kind: "document", base64: file.toString("base64") } });
  });

  test("[chat:sending] send: what is too long to stand under its file follows it", async () => {
    await using place = await chatPlace();
    await using world = await place.open({ telegram: {} });
    const wire = await world.operator();
    await until(wire, { connected: true });
    const file = { to: String(place.ann.id), buffer: Buffer.from("a file").toString("base64") };
    const fitting = "x".repeat(1_024);
    for (const message of [fitting, `${fitting}y`, "word ".repeat(1_000)]) {
      const answer = await wire.request("send", { ...file, message, idempotencyKey: key() });
      expect(answer.payload).toMatchObject({ messageId: expect.stringMatching(/^\d+$/) });
    }
    const sent = place.telegram.fromBots(place.ann.id);
    expect(sent.map(({ media, text }) => [media?.kind, text.length])).toEqual([
      ["document", 1_024],
      ["document", 0],
      [undefined, 1_025],
      ["document", 0],
      [undefined, expect.any(Number)],
      [undefined, expect.any(Number)],
    ]);
  });

  test("[chat:sending] send: a message of which a part was refused isn't said to be sent", async () => {
    await using place = await chatPlace();
    await using world = await place.open({ telegram: {} });
    const wire = await world.operator();
    await until(wire, { connected: true });
    place.telegram.faults.add({ kind: "refused", method: "sendMessage", description: "Bad Request: chat not found" });
    const asked = { to: String(place.ann.id), message: "word ".repeat(1_600), idempotencyKey: key() };
    expect(errorOf(await wire.request("send", asked))).toMatchObject({
      detail: "DELIVERY_FAILED",
      message: expect.stringContaining("chat not found"),
    });
    expect(texts(place, place.ann.id)).toHaveLength(1);
    expect((await deliveries(wire)).outbox).toMatchObject({ open: 0, dead: 1 });
  });

  test("[chat:sending] send: a key that comes again after a restart sends nothing more, here and in the transcript", async () => {
    await using place = await chatPlace();
    const asked = { to: String(place.ann.id), message: "once", sessionKey: "side", idempotencyKey: key() };
    const receipts: unknown[] = [];
    for (let life = 0; life < 2; life += 1) {
      await using world = await place.open({ telegram: {} });
      const wire = await world.operator();
      await until(wire, { connected: true });
      receipts.push((await wire.request("send", asked)).payload);
      const { payload } = await wire.request("sessions.get", { key: "side" });
      expect((payload as { messages: unknown[] }).messages).toHaveLength(1);
    }
    expect(receipts[1]).toEqual(receipts[0]);
    expect(texts(place, place.ann.id)).toEqual(["once"]);
  });

  test("[chat:sending] send: a key that comes again after a restart with another message is refused, and nothing of that is sent", async () => {
    await using place = await chatPlace();
    const [ann, bob] = [String(place.ann.id), String(place.bob.id)];
    const asked = { to: ann, message: "the first", idempotencyKey: key() };
    {
      await using world = await place.open({ telegram: {} });
      const wire = await world.operator();
      await until(wire, { connected: true });
      expect((await wire.request("send", asked)).ok).toBe(true);
    }
    await using world = await place.open({ telegram: {} });
    const wire = await world.operator();
    await until(wire, { connected: true });
    const others = [{ message: "word ".repeat(1_600) }, { message: "another" }, { to: bob }, { silent: true }];
    for (const other of others)
      expect(errorOf(await wire.request("send", { ...asked, ...other }))).toMatchObject({
        detail: "IDEMPOTENCY_KEY_REUSED",
      });
    expect(texts(place, place.ann.id)).toEqual(["the first"]);
    expect(texts(place, place.bob.id)).toEqual([]);
    expect((await wire.request("send", asked)).ok).toBe(true);
    expect(texts(place, place.ann.id)).toEqual(["the first"]);
  });

  test("[chat:sending] send: what nobody can send is refused with a name, and nothing is kept", async () => {
    await using place = await chatPlace();
    await using world = await place.open({
      telegram: {
        accounts: {
          default: {},
          off: { enabled: false, botToken: `77:${"x".repeat(30)}` },
          bare: { botToken: "nonsense" },
        },
      },
    });
    const wire = await world.operator();
    await until(wire, { connected: true });
    const refused = async (params: Record<string, unknown>): Promise<unknown> => {
      const answer = await wire.request("send", { to: "1001", message: "x", idempotencyKey: key(), ...params });
      return answer.ok ? "sent" : errorOf(answer).detail;
    };
    expect(await refused({ channel: "carrier-pigeon" })).toBe("UNKNOWN_CHANNEL");
    expect(await refused({ accountId: "nobody" })).toBe("UNKNOWN_ACCOUNT");
    expect(await refused({ to: "somebody nice" })).toBe("UNKNOWN_TARGET");
    expect(await refused({ accountId: "off" })).toBe("CHANNEL_UNAVAILABLE");
    expect(await refused({ accountId: "bare" })).toBe("CHANNEL_UNAVAILABLE");
    expect(await refused({ message: " " })).toBe("INVALID_PARAMS");
    expect(await refused({ mediaUrl: "http://169.254.169.254/" })).toBe("INVALID_PARAMS");
    expect(await refused({ buffer: "%%%" })).toBe("INVALID_PARAMS");
    expect(await refused({ message: "<b>x</b>", parseMode: "HTML" })).toBe("INVALID_PARAMS");
    expect(await refused({ sessionKey: "agent::" })).toBe("INVALID_PARAMS");
    expect((await deliveries(wire)).deliveries).toEqual([]);
    expect(place.telegram.calls.of("sendMessage")).toEqual([]);
  });

  test("[chat:sending] send: a mistake in where it goes isn't remembered, and its key is good for the message as it was meant", async () => {
    await using place = await chatPlace();
    await using world = await place.open({ telegram: {} });
    const wire = await world.operator();
    await until(wire, { connected: true });
    const asked = { to: String(place.ann.id), message: "at last", idempotencyKey: key() };
    for (const wrong of [{ to: "somebody nice" }, { channel: "carrier-pigeon" }, { accountId: "nobody" }])
      expect((await wire.request("send", { ...asked, ...wrong })).ok).toBe(false);
    expect((await wire.request("send", asked)).ok).toBe(true);
    expect(texts(place, place.ann.id)).toEqual(["at last"]);
  });

  test("[chat:sending] send: without any channel it is said which command adds one", async () => {
    await using place = await chatPlace();
    await using world = await place.open();
    const wire = await world.operator();
    const answer = await wire.request("send", { to: "1001", message: "x", idempotencyKey: key() });
    expect(errorOf(answer)).toMatchObject({ detail: "UNKNOWN_CHANNEL", message: expect.stringContaining("saltgate") });
  });

  test("[chat:polls] poll: is sent where there are polls, and refused clearly where there are none or too many options", async () => {
    await using place = await chatPlace();
    const asked = { to: String(place.ann.id), question: "Tea?", options: ["yes", "no"] };
    {
      await using world = await place.open({ telegram: {} });
      const wire = await world.operator();
      await until(wire, { connected: true });
      const sent = await wire.request("poll", { ...asked, idempotencyKey: key() });
      expect(sent.payload).toMatchObject({ channel: "telegram", pollId: expect.any(String) });
      expect(place.telegram.fromBots(place.ann.id)[0]?.poll).toMatchObject({ question: "Tea?" });
      const many = Array.from({ length: 13 }, (_, at) => String(at));
      const refused = await wire.request("poll", { ...asked, options: many, idempotencyKey: key() });
      expect(refused.ok).toBe(false);
    }
    await using world = await place.open({
      telegram: {},
      adapter: ({ descriptor, ...usual }) => ({
        ...usual,
        descriptor: { ...descriptor, capabilities: { ...descriptor.capabilities, maxPollOptions: 0 } },
      }),
    });
    const wire = await world.operator();
    const refused = await wire.request("poll", { ...asked, idempotencyKey: key() });
    expect(errorOf(refused)).toMatchObject({ detail: "INVALID_PARAMS", message: "telegram has no polls" });
    expect(place.telegram.fromBots(place.ann.id)).toHaveLength(1);
  });
});

describe("dead letters", () => {
  test("[chat:dead-letters] deliveries: what Telegram refuses is listed with its reason, tried again when somebody says so, or thrown away", async () => {
    await using place = await chatPlace();
    await using world = await place.open({ telegram: {} });
    const wire = await world.operator(4, ALL);
    await until(wire, { connected: true });
    place.telegram.faults.add({
      kind: "refused",
      method: "sendMessage",
      times: 2,
      description: "Bad Request: chat not found",
    });
    for (const message of ["first", "second"]) {
      const answer = await wire.request("send", { to: String(place.ann.id), message, idempotencyKey: key() });
      expect(errorOf(answer)).toMatchObject({
        detail: "DELIVERY_FAILED",
        message: expect.stringContaining("chat not found"),
      });
    }
    const { deliveries: dead, outbox } = await deliveries(wire);
    expect(dead.map(({ preview, state }) => [preview, state])).toEqual(
      expect.arrayContaining([
        ["first", "failed"],
        ["second", "failed"],
      ]),
    );
    expect(outbox).toMatchObject({ open: 0, dead: 2 });
    const idOf = (preview: string): string => dead.find((row) => row.preview === preview)?.id ?? "";
    expect((await wire.request("deliveries.retry", { id: idOf("first") })).payload).toEqual({ ok: true });
    await place.telegram.untilSent(place.ann.id, 1);
    expect((await wire.request("deliveries.discard", { id: idOf("second") })).payload).toEqual({ ok: true });
    await expect.poll(async () => (await deliveries(wire)).outbox).toMatchObject({ open: 0, dead: 0 });
    expect(texts(place, place.ann.id)).toEqual(["first"]);
    for (const method of ["deliveries.retry", "deliveries.discard"])
      expect(errorOf(await wire.request(method, { id: idOf("second") })).detail).toBe("UNKNOWN_DELIVERY");
  });

  test("[chat:dead-letters] deliveries: what waits for a channel that is down is kept over a restart, and sent once it is up", async () => {
    await using place = await chatPlace();
    {
      await using world = await place.open({ telegram: {} });
      const wire = await world.operator(4, ALL);
      await until(wire, { connected: true });
      await wire.request("channels.stop", { channel: "telegram" });
      wire.send({
        type: "req",
        id: "s",
        method: "send",
        params: { to: String(place.ann.id), message: "later", idempotencyKey: key() },
      });
      await expect.poll(async () => (await deliveries(wire)).outbox.open).toBe(1);
      place.clock.advance(29_000);
      place.clock.advance(1_500);
      expect(errorOf(await wire.response("s")).detail).toBe("OUTBOUND_DELIVERY_QUEUED");
    }
    await using world = await place.open({ telegram: {} });
    const wire = await world.operator(4, ALL);
    await until(wire, { connected: true });
    await place.telegram.untilSent(place.ann.id, 1);
    expect(texts(place, place.ann.id)).toEqual(["later"]);
  });
});

describe("accounts", () => {
  test("[chat:accounts] channels.start, stop, status: an account is stopped and started, and says so", async () => {
    await using place = await chatPlace();
    await using world = await place.open({ telegram: {} });
    const wire = await world.operator(4, ALL);
    await until(wire, { running: true, connected: true, health: "connected" });
    expect((await status(wire, { probe: true })).probe).toMatchObject({ ok: true });
    const named = { channel: "tg" };
    expect((await wire.request("channels.stop", named)).payload).toEqual({
      channel: "telegram",
      accountId: "default",
      stopped: true,
    });
    expect(await status(wire)).toMatchObject({ running: false, connected: false, health: "stopped" });
    expect((await wire.request("channels.stop", named)).payload).toMatchObject({ stopped: false });
    place.telegram.people.say({ from: place.ann.id, text: "is anybody there" });
    expect((await wire.request("channels.start", named)).payload).toMatchObject({ started: true });
    await until(wire, { connected: true });
    for (const method of ["channels.start", "channels.stop", "channels.logout"]) {
      expect(errorOf(await wire.request(method, { channel: "carrier-pigeon" })).detail).toBe("UNKNOWN_CHANNEL");
      expect(errorOf(await wire.request(method, { channel: "tg", accountId: "nobody" })).detail).toBe(
        "UNKNOWN_ACCOUNT",
      );
    }
    expect(errorOf(await wire.request("channels.status", { channel: "carrier-pigeon" })).detail).toBe(
      "UNKNOWN_CHANNEL",
    );
  });

  test("[chat:accounts] channels.status: a connection over which nothing comes is deaf, and comes back by itself", async () => {
    await using place = await chatPlace();
    await using world = await place.open({ telegram: {} });
    const wire = await world.operator(4, ALL);
    await until(wire, { connected: true });
    place.telegram.faults.add({ kind: "silent", method: "getUpdates", times: 1 });
    // The poll that is under way ends with a message; the next one is never answered.
    place.telegram.people.say({ from: place.ann.id, text: "hello" });
    await place.telegram.calls.until(() => place.telegram.faults.left === 0);
    const seen: string[] = [];
    await expect
      .poll(
        async () => {
          place.clock.advance(5_000);
          const { health } = await status(wire);
          if (seen.at(-1) !== health) seen.push(health);
          return seen.includes("deaf") || seen.includes("reconnecting");
        },
        { timeout: 10_000, interval: 5 },
      )
      .toBe(true);
    await until(wire, { connected: true, health: "connected" }, () => place.clock.advance(1_000));
    expect(place.bot.queue.overlaps).toBe(0);
  });

  test("[chat:accounts] channels.status: a token that is no good any more is a logged out account that says how to mend it, and never the token", async () => {
    await using place = await chatPlace();
    await using world = await place.open({ telegram: {} });
    const wire = await world.operator(4, ALL);
    await until(wire, { connected: true });
    place.telegram.revoke(place.bot.token);
    place.telegram.people.say({ from: place.ann.id, text: "hello" });
    await until(wire, { running: false, connected: false, health: "logged-out" });
    const account = await status(wire);
    expect(account).toMatchObject({ lastError: expect.any(String), fix: expect.any(String) });
    const waiting = await wire.request("send", { to: "12", channel: "discord", message: "x", idempotencyKey: key() });
    expect(waiting.ok).toBe(false);
    expect(wire.texts.join()).not.toContain(place.bot.token.slice(place.bot.token.indexOf(":") + 1));
  });

  test("[chat:accounts] channels.logout: stops the account and forgets its credentials, as far as they are the configuration's", async () => {
    await using place = await chatPlace();
    const forgotten: string[] = [];
    await using world = await place.open({
      telegram: {},
      forgetCredentials: (channel, accountId) => {
        forgotten.push(`${channel}/${accountId}`);
        return Promise.resolve({ cleared: true, note: "TELEGRAM_BOT_TOKEN is still set" });
      },
    });
    const wire = await world.operator(4, ALL);
    await until(wire, { connected: true });
    expect((await wire.request("channels.logout", { channel: "telegram" })).payload).toEqual({
      channel: "telegram",
      accountId: "default",
      cleared: true,
      loggedOut: true,
      note: "TELEGRAM_BOT_TOKEN is still set",
    });
    expect(forgotten).toEqual(["telegram/default"]);
    expect(await status(wire)).toMatchObject({ running: false, connected: false });
  });

  test("[chat:accounts] channels.status: a channel whose package is missing is a warning with the command that mends it", async () => {
    await using place = await chatPlace();
    const problem = "@saltgate/channel-telegram is not installed. Install it: npm install --global it";
    await using world = await place.open({ missing: [{ id: "telegram", problem }] });
    const wire = await world.operator(4, ALL);
    expect((await wire.request("channels.status", {})).payload).toMatchObject({
      channelOrder: [],
      warnings: [problem],
    });
    expect(errorOf(await wire.request("channels.start", { channel: "telegram" }))).toMatchObject({
      detail: "CHANNEL_UNAVAILABLE",
      message: problem,
    });
  });
});
