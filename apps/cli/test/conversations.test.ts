import { expect, test, vi } from "vitest";
import { ConversationWorld } from "./conversation-world.ts";

// Each test runs several processes, one after the other, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

test("[terminal:sessions] [terminal:models] conversations: they are listed, shown and started over, and models are listed", async () => {
  await using world = await ConversationWorld.start();
  expect((await world.run(["sessions", "list"])).stdout).toContain("saltgate chat");
  await world.run(["agent", "-m", "about   ships\nand sails"]);
  await world.run(["agent", "-m", "other", "--session", "agent:main:notes"]);
  const list = (await world.run(["sessions", "list"])).stdout.trimEnd().split("\n");
  expect(list[0]).toMatch(/^Key +About +Channel +Model +Last run +Ago +Last words$/);
  expect(list[1]).toMatch(/^agent:main:notes +other +.*echo +done .*echo: other$/);
  expect(list[2]).toMatch(/^agent:main:main +about ships and sails .*echo: about ships and sails$/);
  const found = await world.run(["sessions", "list", "--search", "notes", "--limit", "5", "--json"]);
  expect(found.json()).toMatchObject({ sessions: [{ key: "agent:main:notes" }] });
  const shown = (await world.run(["sessions", "show"])).stdout;
  expect(shown).toContain("Model      local/echo");
  expect(shown).toContain("user:\nabout   ships\nand sails\n\nassistant:\necho: about   ships\nand sails\n");
  const reset = await world.run(["sessions", "reset", "main", "--json"]);
  expect(reset.json()).toMatchObject({ key: "agent:main:main", sessionId: expect.any(String) });
  expect((await world.run(["sessions", "show", "main"])).stdout).toContain("Nothing has been said in it");
  const unknown = await world.run(["sessions", "show", "nonesuch"]);
  expect(unknown).toMatchObject({ exit: 1, stdout: "" });
  expect(unknown.stderr).toContain("saltgate sessions list");
  const mistyped = await world.run(["sessions", "reset", "mian"]);
  expect(mistyped).toMatchObject({ exit: 1, stdout: "" });
  expect(mistyped.stderr).toContain("saltgate sessions list");
  expect((await world.run(["sessions", "list", "--json"])).json<{ sessions: unknown[] }>().sessions).toHaveLength(2);
  expect(await world.run(["sessions", "list", "--limit", "0"])).toMatchObject({ exit: 2, stdout: "" });
  const models = (await world.run(["models"])).stdout;
  expect(models).toMatch(/^local\/echo .*100k +default$/m);
  expect((await world.run(["models", "--json"])).json()).toMatchObject({ default: "local/echo" });
});

test("[terminal:message] [terminal:deliveries] conversations: a message is sent once for its key, and one that failed is listed, sent again and forgotten", async () => {
  await using world = await ConversationWorld.start({ telegram: true });
  const { ann, emulator } = world.telegram;
  emulator.people.say({ from: ann.id, text: "/start" });
  await emulator.untilSent(ann.id, 1);
  const send = [
    "message",
    "send",
    "--channel",
    "telegram",
    "--to",
    String(ann.id),
    "--message",
    "Hi **Ann**",
    "--key",
    "k1",
  ];
  const sent = await world.run(send);
  expect(sent).toMatchObject({ exit: 0, stderr: "" });
  expect(sent.stdout).toMatch(new RegExp(`^Sent to ${ann.id} on telegram: message \\d+\\.\\n$`));
  expect(await world.run(send)).toMatchObject({ exit: 0, stdout: sent.stdout });
  expect((await emulator.untilSent(ann.id, 2)).map(({ text }) => text).slice(1)).toEqual(["Hi Ann"]);

  const failed = await world.run(["message", "send", "--channel", "telegram", "--to", "424242", "-m", "lost"]);
  expect(failed).toMatchObject({ exit: 1, stdout: "" });
  expect(failed.stderr).toContain("saltgate deliveries");
  const list = await world.run(["deliveries"]);
  expect(list.stdout).toContain("1 for you to decide");
  expect(list.stdout).toMatch(/telegram +424242 +could not be sent +1 .*chat not found.*lost$/m);
  const { deliveries } = (await world.run(["deliveries", "list", "--json"])).json<{ deliveries: { id: string }[] }>();
  const [{ id } = { id: "" }] = deliveries;
  expect(await world.run(["deliveries", "retry", id.slice(0, 8)])).toMatchObject({ exit: 0, stderr: "" });
  await emulator.calls.untilCalled("sendMessage", 4);
  const stranger = await world.run(["deliveries", "discard", "nonesuch"]);
  expect(stranger).toMatchObject({ exit: 1, stdout: "" });
  // It fails again in its own time; what is under way isn't forgotten.
  for (;;) {
    const { exit } = await world.run(["deliveries", "discard", id]);
    if (exit === 0) break;
  }
  expect((await world.run(["deliveries"])).stdout).toContain("0 for you to decide");
});
