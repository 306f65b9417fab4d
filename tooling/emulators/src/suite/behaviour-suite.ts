import { createHash } from "node:crypto";
import { type Delivery, type InboundMessage, isChannelError, type OutboundContent } from "@saltgate/channel";
import { describe, expect, test } from "vitest";
import { ChannelRig } from "./channel-rig.ts";
import type { Breakage, ChannelWorld } from "./channel-world.ts";

/** What the suite proves, by name. The caller says which requirements that is, e.g. `[telegram:receive]`. */
export type Cites = Readonly<
  Record<
    | "boot"
    | "secrets"
    | "receive"
    | "mentions"
    | "media"
    | "topics"
    | "send"
    | "typing"
    | "duplicates"
    | "malformed"
    | "durableFirst"
    | "restart"
    | "onePoll"
    | "deaf"
    | "rate"
    | "unknownOutcome"
    | "reconcile"
    | "auth"
    | "errors",
    string
  >
>;

/**
 * What every adapter must do, by what it declares. Runs over the real adapter and the emulator of its platform, once for
 * each behaviour in a world of its own.
 */
export function channelBehaviour(name: string, startWorld: () => Promise<ChannelWorld>, cites: Cites): void {
  describe(`${name}: what every channel does`, () => {
    receiving(name, startWorld, cites);
    sending(name, startWorld, cites);
    lasting(name, startWorld, cites);
  });
}

let deliveries = 0;

function delivery(to: string, content: OutboundContent, threadId?: string): Delivery {
  deliveries += 1;
  return { id: `delivery-${deliveries}`, target: { to, ...(threadId !== undefined && { threadId }) }, content };
}

const messagesOf = (rig: ChannelRig): readonly InboundMessage[] =>
  rig.inbox.events.filter((event): event is InboundMessage => event.kind === "message");

/** The error that this ends with. */
async function failing(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

function receiving(name: string, startWorld: () => Promise<ChannelWorld>, cites: Cites): void {
  test(`${cites.boot} ${name}: it connects, says so, and knows who it is`, async () => {
    await using world = await startWorld();
    await using rig = await ChannelRig.connected(world);
    expect(rig.status).toMatchObject({ running: true, connected: true, health: "connected", reconnectAttempts: 0 });
    expect(rig.status.lastConnectedAtMs).toBe(world.clock.now());
    expect(await rig.connection.probe(rig.signal)).toMatchObject({ ok: true });
    await rig.stop();
    expect(rig.status).toMatchObject({ running: false, connected: false, health: "stopped" });
  });

  test(`${cites.receive} ${name}: what a person writes in private arrives in one form`, async () => {
    await using world = await startWorld();
    await using rig = await ChannelRig.connected(world);
    const messageId = world.say({ text: "hello" });
    await rig.inbox.until(1);
    expect(messagesOf(rig)[0]).toMatchObject({
      kind: "message",
      messageId,
      text: "hello",
      media: [],
      conversation: { kind: "direct", id: world.person.direct },
      sender: { id: world.person.id, isSelf: false, isBot: false },
    });
  });

  test(`${cites.mentions} ${name}: in a group it is known whether a message is for us`, async () => {
    await using world = await startWorld();
    await using rig = await ChannelRig.connected(world);
    const ours = await rig.connection.send(delivery(world.group, { kind: "text", text: "I am here" }), rig.signal);
    world.say({ in: world.group, text: "among ourselves" });
    world.say({ in: world.group, text: "what time is it?", mentionsUs: true });
    world.say({ in: world.group, text: "thanks", replyTo: ours.messageId });
    await rig.inbox.until(3);
    expect(
      messagesOf(rig).map(({ conversation, mentions }) => [conversation.kind, mentions.explicit, mentions.implicit]),
    ).toEqual([
      ["group", false, false],
      ["group", true, false],
      ["group", false, true],
    ]);
    expect(messagesOf(rig)[2]?.replyTo).toMatchObject({ messageId: ours.messageId, text: "I am here" });
  });

  test(`${cites.media} ${name}: a file is announced, and fetched when it is wanted, within its bounds`, async () => {
    await using world = await startWorld();
    await using rig = await ChannelRig.connected(world);
    if (!world.adapter.descriptor.capabilities.media.in) return;
    const bytes = new Uint8Array(5_000).map((_, index) => index % 251);
    world.say({ text: "look", file: { fileName: "plan.pdf", bytes } });
    await rig.inbox.until(1);
    const [media] = messagesOf(rig)[0]?.media ?? [];
    expect(media).toMatchObject({ kind: "document", fileName: "plan.pdf" });
    expect(messagesOf(rig)[0]?.text).toBe("look");
    const fetched = await rig.connection.fetchMedia?.(media?.ref, 5_000, rig.signal);
    expect(
      createHash("sha256")
        .update(fetched?.bytes ?? "")
        .digest("hex"),
    ).toBe(createHash("sha256").update(bytes).digest("hex"));
    expect(await failing(rig.connection.fetchMedia!(media?.ref, 4_999, rig.signal))).toMatchObject({ kind: "refused" });
  });

  test(`${cites.topics} ${name}: a topic is heard and answered in`, async () => {
    await using world = await startWorld();
    await using rig = await ChannelRig.connected(world);
    expect(world.forum !== undefined).toBe(world.adapter.descriptor.capabilities.threads);
    if (world.forum === undefined) return;
    const { group, topic } = world.forum;
    world.say({ in: group, topic, text: "in here" });
    await rig.inbox.until(1);
    expect(messagesOf(rig)[0]?.conversation).toMatchObject({ kind: "group", id: group, threadId: topic });
    await rig.connection.send(delivery(group, { kind: "text", text: "here too" }, topic), rig.signal);
    expect(world.seen(group)).toMatchObject([{ text: "here too", topic }]);
  });

  test(`${cites.duplicates} ${name}: what is repeated has the same id each time`, async () => {
    await using world = await startWorld();
    await using rig = await ChannelRig.connected(world);
    world.say({ text: "one" });
    await rig.inbox.until(1);
    world.say({ text: "two" });
    await rig.inbox.until(2);
    await world.untilListening();
    world.redeliver();
    await rig.inbox.untilMet(() => rig.inbox.taken.length >= 4);
    expect(new Set(rig.inbox.taken.map(({ nativeId }) => nativeId)).size).toBe(2);
    expect(messagesOf(rig).map(({ text }) => text)).toEqual(["one", "two"]);
  });

  test(`${cites.malformed} ${name}: what can't be read is set aside, and what comes after it is heard`, async () => {
    await using world = await startWorld();
    await using rig = await ChannelRig.connected(world);
    world.sayGarbage();
    world.say({ text: "still there?" });
    await rig.inbox.until(1);
    expect(messagesOf(rig).map(({ text }) => text)).toEqual(["still there?"]);
    expect(rig.inbox.aside).toHaveLength(1);
    expect(rig.inbox.aside[0]?.reason).not.toBe("");
    await world.untilListening();
    expect(world.held()).toBe(0);
  });

  test(`${cites.durableFirst} ${name}: nothing is confirmed before it is on the disk`, async () => {
    await using world = await startWorld();
    await using rig = await ChannelRig.connected(world);
    const release = rig.inbox.hold();
    world.say({ text: "keep me" });
    await rig.inbox.untilMet(() => rig.inbox.offered === 1);
    expect(world.held()).toBe(1);
    // What is being written keeps nobody from sending.
    await rig.connection.send(delivery(world.person.direct, { kind: "text", text: "meanwhile" }), rig.signal);
    expect(world.seen(world.person.direct)).toHaveLength(1);
    expect(world.held()).toBe(1);
    release();
    await world.untilListening();
    expect(world.held()).toBe(0);
  });

  test(`${cites.durableFirst} ${name}: what couldn't be written comes again`, async () => {
    await using world = await startWorld();
    await using rig = await ChannelRig.connected(world);
    rig.inbox.failNext(1);
    world.say({ text: "once more, please" });
    await rig.inbox.untilMet(() => rig.inbox.offered === 1);
    await world.clock.untilWaiting(1_000, 5_000);
    expect(world.held()).toBe(1);
    world.clock.advance(5_000);
    await rig.inbox.until(1);
    expect(messagesOf(rig).map(({ text }) => text)).toEqual(["once more, please"]);
  });
}

function sending(name: string, startWorld: () => Promise<ChannelWorld>, cites: Cites): void {
  test(`${cites.send} ${name}: a text arrives as it is meant, and quotes what it answers`, async () => {
    await using world = await startWorld();
    await using rig = await ChannelRig.connected(world);
    const { direct } = world.person;
    const question = world.say({ text: "how?" });
    const content = { kind: "text", text: "**so** & <so>", replyToId: question } as const;
    const receipt = await rig.connection.send(delivery(direct, content), rig.signal);
    expect(world.seen(direct)).toEqual([
      { id: receipt.messageId, text: "so & <so>", styles: ["bold:0:2"], replyTo: question, isEdited: false },
    ]);
  });

  test(`${cites.send} ${name}: files, polls, edits, reactions and deletions are carried out`, async () => {
    await using world = await startWorld();
    await using rig = await ChannelRig.connected(world);
    const { capabilities } = world.adapter.descriptor;
    const { direct } = world.person;
    const send = (content: OutboundContent) => rig.connection.send(delivery(direct, content), rig.signal);
    const { messageId } = await send({ kind: "text", text: "first" });
    if (capabilities.edit) {
      await send({ kind: "edit", messageId, text: "second" });
      expect(world.seen(direct)).toMatchObject([{ id: messageId, text: "second", isEdited: true }]);
      // The same once more is what was wanted.
      await send({ kind: "edit", messageId, text: "second" });
    }
    if (capabilities.reactions.out) {
      const theirs = world.say({ text: "nice" });
      await send({ kind: "react", messageId: theirs, emoji: "👍" });
      expect(world.reactionsOf(direct, theirs)).toEqual(["👍"]);
      await send({ kind: "react", messageId: theirs, emoji: "" });
      expect(world.reactionsOf(direct, theirs)).toEqual([]);
    }
    if (capabilities.unsend) {
      await send({ kind: "unsend", messageId });
      expect(world.seen(direct)).toEqual([]);
    }
    if (capabilities.media.out) {
      const bytes = new Uint8Array([1, 2, 3]);
      const file = { kind: "document", fileName: "a.bin", mimeType: "application/octet-stream", bytes } as const;
      await send({ kind: "media", file, caption: "a *file*" });
      expect(world.seen(direct).at(-1)).toMatchObject({ text: "a file", styles: ["italic:2:4"], fileBase64: "AQID" });
    }
    if (capabilities.maxPollOptions > 0) {
      const receipt = await send({ kind: "poll", question: "Tea?", options: ["yes", "no"], maxSelections: 1 });
      expect(world.seen(direct).at(-1)?.pollOptions).toEqual(["yes", "no"]);
      expect(receipt.pollId).toBeTruthy();
    }
  });

  test(`${cites.typing} ${name}: typing is shown, and its failure keeps nobody from sending`, async () => {
    await using world = await startWorld();
    await using rig = await ChannelRig.connected(world);
    if (world.adapter.descriptor.capabilities.typingMs === 0) return;
    const target = { to: world.person.direct };
    await rig.connection.typing?.(target, rig.signal);
    expect(world.typings(world.person.direct)).toBe(1);
    expect(isChannelError(await failing(rig.connection.typing!({ to: "1" }, rig.signal)))).toBe(true);
    await rig.connection.send(delivery(target.to, { kind: "text", text: "done" }), rig.signal);
    expect(world.seen(target.to)).toHaveLength(1);
  });

  test(`${cites.rate} ${name}: being told to wait is told on, to the millisecond, and nothing was sent`, async () => {
    await using world = await startWorld();
    await using rig = await ChannelRig.connected(world);
    world.breakSending("rate", 3);
    const sending = rig.connection.send(delivery(world.person.direct, { kind: "text", text: "fast" }), rig.signal);
    expect(await failing(sending)).toMatchObject({ name: "ChannelError", kind: "rate", retryAfterMs: 3_000 });
    expect(world.seen(world.person.direct)).toEqual([]);
  });

  for (const how of ["answer-lost", "request-lost", "error-after"] as const satisfies readonly Breakage[]) {
    test(`${cites.unknownOutcome} ${name}: a send whose answer nobody heard is unknown (${how})`, async () => {
      await using world = await startWorld();
      await using rig = await ChannelRig.connected(world);
      world.breakSending(how);
      const sending = rig.connection.send(delivery(world.person.direct, { kind: "text", text: "did it?" }), rig.signal);
      expect(await failing(sending)).toMatchObject({ name: "ChannelError", kind: "unknown-outcome" });
    });
  }

  test(`${cites.unknownOutcome} ${name}: a send that is never answered is given up, and unknown`, async () => {
    await using world = await startWorld();
    await using rig = await ChannelRig.connected(world);
    world.breakSending("never-answered");
    const sending = failing(
      rig.connection.send(delivery(world.person.direct, { kind: "text", text: "hm" }), rig.signal),
    );
    await world.untilBroken();
    world.clock.advance(600_000);
    expect(await sending).toMatchObject({ name: "ChannelError", kind: "unknown-outcome" });
  });

  test(`${cites.errors} ${name}: when the platform can't be reached, nothing was sent and it may be tried again`, async () => {
    await using world = await startWorld();
    await using rig = await ChannelRig.open(world);
    await world.vanish();
    const sending = rig.connection.send(delivery(world.person.direct, { kind: "text", text: "anybody?" }), rig.signal);
    expect(await failing(sending)).toMatchObject({ name: "ChannelError", kind: "transient" });
  });

  test(`${cites.reconcile} ${name}: what became of an unheard send is found, and is there once`, async () => {
    await using world = await startWorld();
    if (world.adapter.descriptor.capabilities.reconciling !== "ask") return;
    await using rig = await ChannelRig.connected(world);
    const { direct } = world.person;
    world.say({ text: "question" });
    await rig.inbox.until(1);
    await rig.connection.send(delivery(direct, { kind: "text", text: "earlier" }), rig.signal);
    for (const how of ["answer-lost", "error-after"] as const) {
      const lost = delivery(direct, { kind: "text", text: how });
      const handle: unknown = JSON.parse(JSON.stringify(rig.connection.handleFor?.(lost)));
      world.breakSending(how);
      expect(await failing(rig.connection.send(lost, rig.signal))).toMatchObject({ kind: "unknown-outcome" });
      world.say({ text: "are you there?" });
      const found = await rig.connection.reconcile?.(lost, handle, rig.signal);
      const id = world.seen(direct).find(({ text }) => text === how)?.id;
      expect(found).toEqual({ outcome: "sent", receipt: { messageId: id } });
    }
    expect(world.seen(direct).map(({ text, isEdited }) => [text, isEdited])).toEqual([
      ["earlier", false],
      ["answer-lost", false],
      ["error-after", false],
    ]);
  });

  test(`${cites.reconcile} ${name}: what was not sent is found not to be there`, async () => {
    await using world = await startWorld();
    if (world.adapter.descriptor.capabilities.reconciling !== "ask") return;
    await using rig = await ChannelRig.connected(world);
    const { direct } = world.person;
    world.say({ text: "question" });
    await rig.inbox.until(1);
    const lost = delivery(direct, { kind: "text", text: "lost" });
    const handle = rig.connection.handleFor?.(lost);
    world.breakSending("request-lost");
    expect(await failing(rig.connection.send(lost, rig.signal))).toMatchObject({ kind: "unknown-outcome" });
    world.say({ text: "hello?" });
    expect(await rig.connection.reconcile?.(lost, handle, rig.signal)).toEqual({ outcome: "not-sent" });
    expect(world.seen(direct)).toEqual([]);
  });
}

function lasting(name: string, startWorld: () => Promise<ChannelWorld>, cites: Cites): void {
  test(`${cites.restart} ${name}: after a restart it goes on where it was, and what waited is marked`, async () => {
    await using world = await startWorld();
    const first = await ChannelRig.connected(world);
    world.say({ text: "before" });
    await first.inbox.until(1);
    await first.stop();
    world.clock.advance(60_000);
    world.say({ text: "meanwhile" });
    world.clock.advance(60_000);
    await using second = await ChannelRig.connected({ ...world, inbox: first.inbox });
    await second.inbox.until(2);
    world.say({ text: "after" });
    await second.inbox.until(3);
    expect(messagesOf(second).map(({ text, isBacklog }) => [text, isBacklog ?? false])).toEqual([
      ["before", false],
      ["meanwhile", true],
      ["after", false],
    ]);
  });

  test(`${cites.onePoll} ${name}: stopped and started twenty times, it is never there twice`, async () => {
    await using world = await startWorld();
    await using rig = await ChannelRig.open(world);
    for (let round = 0; round < 20; round += 1) {
      const before = rig.statuses.length;
      void rig.start();
      // Some are stopped before they are connected, some as soon as they are, some while they listen.
      if (round % 3 !== 0) await rig.until(({ connected }) => connected && rig.statuses.length > before);
      if (round % 3 === 2) await world.untilListening();
      await rig.stop();
    }
    void rig.start();
    world.say({ text: "and now?" });
    await rig.inbox.until(1);
    expect(world.overlaps()).toBe(0);
  });

  test(`${cites.deaf} ${name}: a connection over which nothing comes any more is noticed and made anew`, async () => {
    await using world = await startWorld();
    await using rig = await ChannelRig.connected(world);
    await world.untilListening();
    world.breakReceiving("never-answered");
    world.say({ text: "one" });
    await rig.inbox.until(1);
    await world.untilBroken();
    world.clock.advance(60_000);
    await rig.until(({ health }) => health === "deaf");
    expect(rig.status.connected).toBe(false);
    await world.clock.untilWaiting(1_000, 30_000);
    world.clock.advance(30_000);
    await rig.until(({ health }) => health === "connected");
    world.say({ text: "two" });
    await rig.inbox.until(2);
  });

  test(`${cites.auth} ${name}: refused credentials stop the account and say what mends it`, async () => {
    await using world = await startWorld();
    await using rig = await ChannelRig.open(world);
    world.breakReceiving("unauthorized");
    const error = await failing(rig.start());
    expect(error).toMatchObject({ name: "ChannelError", kind: "auth" });
    expect(rig.status).toMatchObject({ running: false, connected: false, health: "logged-out" });
    expect(rig.status.fix).toBeTruthy();
  });

  test(`${cites.secrets} ${name}: no secret is in any description, status, line or error`, async () => {
    await using world = await startWorld();
    const shown: unknown[] = world.adapter.accounts(world.section, {}).map(({ settings: _own, ...account }) => account);
    await using rig = await ChannelRig.connected(world);
    for (const how of ["answer-lost", "request-lost", "error-after", "rate", "unauthorized"] as const) {
      world.breakSending(how);
      const error = await failing(
        rig.connection.send(delivery(world.person.direct, { kind: "text", text: "x" }), rig.signal),
      );
      shown.push(error, String(error), (error as Error).stack, (error as Error).cause);
    }
    shown.push(await rig.connection.probe(rig.signal));
    await world.vanish();
    shown.push(
      String(
        await failing(rig.connection.send(delivery(world.person.direct, { kind: "text", text: "x" }), rig.signal)),
      ),
    );
    shown.push(await rig.connection.probe(rig.signal), rig.statuses, rig.lines, rig.inbox.taken);
    const text = JSON.stringify(shown, (_key, value: unknown) =>
      value instanceof Error
        ? {
            ...Object.fromEntries(Object.entries(value)),
            message: value.message,
            stack: value.stack,
            cause: value.cause,
          }
        : value,
    );
    for (const secret of world.secrets) expect(text).not.toContain(secret);
  });
}
