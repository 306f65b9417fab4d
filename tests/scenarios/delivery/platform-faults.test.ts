import { performance } from "node:perf_hooks";
import { expect, test } from "vitest";
import { DeliveryWorld, type Place, type WorldOptions } from "./support/delivery-world.ts";
import { Flow } from "./support/flow.ts";
import { verdictOn } from "./support/verdict.ts";

const timeout = 120_000;

/** A world that serves, with people who ask when they are told to. */
async function startWorld(options: WorldOptions = {}) {
  const world = await DeliveryWorld.create({ lineMs: 5, ...options });
  const gateway = await world.serve();
  const flow = new Flow(world);
  const place = (name: string): Place => world.places.find((one) => one.name === name) ?? raise(name);
  const answered = (count: number): Promise<void> =>
    world.telegram.calls.until(
      () => world.places.reduce((sum, { chat }) => sum + world.telegram.fromBots(chat).length, 0) >= count,
    );
  return { world, gateway, flow, place, answered, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() };
}

function raise(name: string): never {
  throw new Error(`there is no place ${name}`);
}

test("[delivery:platform-down] while Telegram refuses connections web chats go on, and everything is answered once when it is back", {
  timeout,
}, async () => {
  await using at = await startWorld();
  const { flow, world } = at;
  flow.ask(at.place("ann"));
  await world.settled();
  // It goes away between the thought and the answer.
  const thought = world.models.received(world.models.count + 1);
  flow.ask(at.place("ben"));
  await thought;
  await world.line.cut();
  flow.ask(at.place("group"));
  await flow.say("agent:main:web-1");
  const { status } = await world.ask((client) =>
    client.request("agent.wait", { runId: flow.taken[0]?.runId ?? "", timeoutMs: 20_000 }),
  );
  expect(status).toBe("ok");
  await world.line.mend();
  await world.settled();
  expect((await verdictOn(world, flow)).broken).toEqual([]);
});

test("[delivery:unheard] a send that fails before or after it was carried out, or is cut, is shown once in the end", {
  timeout,
}, async () => {
  await using at = await startWorld();
  const { flow, world } = at;
  const { faults } = world.telegram;
  for (const kind of ["error-before", "error-after", "cut-before", "cut-after"] as const) {
    faults.add({ kind, method: "sendMessage" });
    flow.ask(at.place("ann"));
    await world.settled();
  }
  // And all of it at once, from several chats and over edits too.
  for (const kind of ["error-after", "cut-before", "cut-after"] as const) {
    faults.add({ kind, method: "sendMessage" });
    faults.add({ kind, method: "editMessageText" });
  }
  for (const place of world.places) flow.ask(place);
  for (const stranger of world.strangers) flow.knock(stranger);
  await world.settled();
  const { broken, counts } = await verdictOn(world, flow);
  expect(broken).toEqual([]);
  expect(counts["uncertain deliveries"]).toBe(0);
});

test("[delivery:retry-after] after Telegram said to wait two seconds, nobody is sent anything before they are over", {
  timeout,
}, async () => {
  await using at = await startWorld();
  const { flow, world } = at;
  const { line, telegram } = world;
  telegram.faults.add({ kind: "rate", method: "sendMessage", retryAfterS: 2 });
  flow.ask(at.place("ann"));
  await telegram.calls.until(() => telegram.calls.of("sendMessage").some(({ fault }) => fault === "rate"));
  const toldAtMs = performance.now();
  const sent = telegram.calls.of("sendMessage").length;
  const next = telegram.calls.until(() => telegram.calls.of("sendMessage").length > sent);
  for (const place of world.places) flow.ask(place);
  await next;
  // The emulator tells after it counted, so that this is the least that lay between the two.
  expect(performance.now() - toldAtMs).toBeGreaterThanOrEqual(2_000);
  await world.settled();
  expect((await verdictOn(world, flow)).broken).toEqual([]);
  expect(line.carried("sendMessage")).toBeGreaterThan(sent);
});

test("[delivery:repeats] what comes twice, out of order or malformed is answered once and in order, or set aside and counted", {
  timeout,
}, async () => {
  await using at = await startWorld();
  const { flow, world } = at;
  const { queue } = world.bot;
  for (const how of ["duplicate", "out-of-order", "duplicate"] as const) {
    queue.twist(how);
    for (const name of ["ann", "ben", "group"]) flow.ask(at.place(name));
  }
  await world.settled();
  queue.redeliver();
  for (const garbage of [{ message: { message_id: "none", chat: null } }, { message: 7 }]) queue.inject(garbage);
  flow.ask(at.place("ann"));
  await world.settled();
  const { broken } = await verdictOn(world, flow);
  expect(broken.filter((words) => !words.startsWith("a message was set aside"))).toEqual([]);
  const { inbox } = await world.ask((client) => client.request("deliveries.list", {}));
  expect(inbox.aside).toBe(2);
});

test("[delivery:clock-set-back] when the clock is set back, what waits for its next try isn't held up, nor is what comes after", {
  timeout,
}, async () => {
  await using at = await startWorld({ jumps: true });
  const { flow, gateway, world } = at;
  const { calls, faults } = world.telegram;
  for (const place of world.places) flow.ask(place);
  await world.settled();
  faults.add({ kind: "error-before", method: "sendMessage", times: 2 });
  flow.ask(at.place("ann"));
  flow.ask(at.place("ben"));
  await calls.until(() => faults.left === 0);
  gateway.signal("SIGUSR2");
  await gateway.until("it jumps", ({ stderr }) => (stderr.includes("The clock was set back.") ? true : undefined));
  for (const place of world.places) flow.ask(place);
  await flow.say("agent:main:web-1");
  for (const stranger of world.strangers) flow.knock(stranger);
  await world.settled();
  expect((await verdictOn(world, flow)).broken).toEqual([]);
});

test("[delivery:conflict] while another program polls with the same token its owner is told so, web chats go on, and everything is answered when it stops", {
  timeout,
}, async () => {
  await using at = await startWorld();
  const { flow, world } = at;
  const { calls, faults } = world.telegram;
  faults.add({ kind: "conflict", method: "getUpdates" });
  world.bot.queue.endPoll();
  await calls.until(() => faults.left === 0);
  for (const place of world.places) flow.ask(place);
  const { runId } = await flow.say("agent:main:web-1");
  const { status } = await world.ask((client) => client.request("agent.wait", { runId, timeoutMs: 20_000 }));
  expect(status).toBe("ok");
  const { channelAccounts } = await world.ask((client) => client.request("channels.status", {}));
  expect(JSON.stringify(channelAccounts)).toContain("Another program");
  // It looks again after half a minute: the other program isn't to be fought with.
  await world.settled();
  expect((await verdictOn(world, flow)).broken).toEqual([]);
});
