import { expect, test, vi } from "vitest";
import { keptPort } from "../../../tests/support/ports.ts";
import { Sandbox } from "../../../tests/support/sandbox.ts";
import { ConversationWorld } from "./conversation-world.ts";

// Each test runs several processes, one after the other, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

/** Ann has written to the bot, and has been told her code. */
async function createWorld(port?: number): Promise<{ world: ConversationWorld; code: string }> {
  const world = await ConversationWorld.start({ telegram: true, ...(port !== undefined && { port }) });
  try {
    const { ann, emulator } = world.telegram;
    emulator.people.say({ from: ann.id, text: "hello?" });
    const [said] = await emulator.untilSent(ann.id, 1);
    const code = /\b[A-Z2-9]{8}\b/.exec(said?.text ?? "")?.[0];
    if (code === undefined) throw new Error(`no code in: ${said?.text}`);
    return { world, code };
  } catch (error) {
    await world[Symbol.asyncDispose]();
    throw error;
  }
}

test("[terminal:approval-notice] [terminal:owner] pairing: who is approved is told so once, may write, and may be named an owner", async () => {
  const { code, world: created } = await createWorld();
  await using world = created;
  const { ann, emulator } = world.telegram;
  const approved = await world.run(["pairing", "approve", "telegram", code.toLowerCase(), "--owner"]);
  expect(approved).toMatchObject({ exit: 0, stderr: "" });
  expect(approved.stdout).toContain(`Approved telegram sender ${ann.id}.\n`);
  expect(approved.stdout).toContain("They have been told so.");
  expect(approved.stdout).toContain("may do in chats what you may");
  expect(approved.stdout).toContain(`kill -USR1 ${world.gateway.pid}`);
  const [, notice] = await emulator.untilSent(ann.id, 2);
  expect(notice?.text).toContain("✅");
  const config = JSON.parse(await world.sandbox.read("saltgate.json"));
  expect(config.commands).toEqual({ ownerAllowFrom: [`telegram:${ann.id}`] });
  emulator.people.say({ from: ann.id, text: "and now?" });
  const [, , answer] = await emulator.untilSent(ann.id, 3);
  expect(answer?.text).toContain("echo:");
});

test("[terminal:owner] [R-45] pairing: who was let in is an owner only when they were named one", async () => {
  const { code, world: created } = await createWorld(await keptPort());
  await using world = created;
  const { ann, emulator } = world.telegram;
  const bob = emulator.world.addUser({ firstName: "Bob" });
  emulator.people.say({ from: bob.id, text: "hello?" });
  const [said] = await emulator.untilSent(bob.id, 1);
  const bobs = /\b[A-Z2-9]{8}\b/.exec(said?.text ?? "")?.[0] ?? "";
  await world.run(["pairing", "approve", "telegram", code, "--owner", "--no-notify"]);
  await world.run(["pairing", "approve", "telegram", bobs, "--no-notify"]);
  world.gateway.child.signal("SIGUSR1");
  await world.gateway.listening(2);
  for (const [id, isOwner] of [
    [ann.id, "yes"],
    [bob.id, "no"],
  ] as const) {
    emulator.people.say({ from: id, text: "/whoami" });
    const [, answer] = await emulator.untilSent(id, 2);
    expect(answer?.text).toContain(`Owner: ${isOwner}`);
  }
});

test("[terminal:approval-notice] pairing: --no-notify is silent, and a notice that fails is a warning beside the approval", async () => {
  const { code, world: created } = await createWorld();
  await using world = created;
  const { ann, bot, emulator } = world.telegram;
  emulator.faults.add({ kind: "unauthorized", method: "sendMessage", times: 1 } as never);
  const told = await world.run(["pairing", "approve", "telegram", code, "--json"]);
  expect(told).toMatchObject({ exit: 0 });
  expect(told.json()).toMatchObject({ channel: "telegram", id: String(ann.id), notified: false });
  expect(told.stderr).toMatch(/told/);
  expect(JSON.parse(await world.sandbox.read("credentials/telegram-allowFrom.json"))).toMatchObject({
    allowFrom: [String(ann.id)],
  });
  const bob = emulator.world.addUser({ firstName: "Bob" });
  const polls = emulator.calls.of("getUpdates").length;
  await world.run(["gateway", "call", "channels.start", "--params", "{ channel: 'telegram' }"]);
  await emulator.calls.untilCalled("getUpdates", polls + 1);
  emulator.people.say({ from: bob.id, text: "hi" });
  const [said] = await emulator.untilSent(bob.id, 1);
  const bobs = /\b[A-Z2-9]{8}\b/.exec(said?.text ?? "")?.[0] ?? "";
  const silent = await world.run(["pairing", "approve", "telegram", bobs, "--no-notify"]);
  expect(silent).toMatchObject({ exit: 0, stderr: "", stdout: `Approved telegram sender ${bob.id}.\n` });
  expect(emulator.fromBots(bob.id).filter(({ from }) => from === bot.user.id)).toHaveLength(1);
});

test("[terminal:owner] pairing: an owner is named once, and nobody is let in where that can't be written", async () => {
  const now = new Date().toISOString();
  const request = (id: string, code: string) => ({ id, code, createdAt: now, lastSeenAt: now });
  await using sandbox = await Sandbox.create();
  const requests = [request("777", "ABCD2345"), request("778", "ABCD2346")];
  await sandbox.write("credentials/telegram-pairing.json", JSON.stringify({ version: 1, requests }));
  const early = await sandbox.run(["pairing", "approve", "telegram", "ABCD2345", "--owner"]);
  expect(early).toMatchObject({ exit: 78, stdout: "" });
  expect((await sandbox.run(["pairing", "list", "telegram"])).stdout).toContain("ABCD2345");
  await sandbox.write("saltgate.json", '{ commands: { ownerAllowFrom: ["telegram:777"] } /* me */ }');
  expect(await sandbox.run(["channels", "list"])).toMatchObject({ exit: 0 }); // it is the last good one now
  await sandbox.write("saltgate.json", "{ broken");
  const broken = await sandbox.run(["pairing", "approve", "telegram", "ABCD2345", "--owner"]);
  expect(broken).toMatchObject({ exit: 78, stdout: "" });
  expect(broken.stderr).toContain("saltgate.json can't be used");
  expect((await sandbox.run(["pairing", "list", "telegram"])).stdout).toContain("ABCD2345");
  await sandbox.write("saltgate.json", '{ commands: { ownerAllowFrom: ["telegram:777"] } /* me */ }');
  await sandbox.run(["pairing", "approve", "telegram", "ABCD2345", "--owner"]);
  const second = await sandbox.run(["pairing", "approve", "telegram", "ABCD2346", "--owner", "--json"]);
  expect(second.json()).toEqual({ channel: "telegram", id: "778", notified: false, owner: "telegram:778" });
  expect(await sandbox.read("saltgate.json")).toBe(
    '{ commands: { ownerAllowFrom: ["telegram:777", "telegram:778"] } /* me */ }',
  );
});
