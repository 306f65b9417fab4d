import { encodeSetupCode } from "@saltgate/identity";
import { describe, expect, test } from "vitest";
import { CANARY } from "../../../tests/support/sandbox.ts";
import { helloV4, refusal, type SeenConnect } from "../../../tests/support/scripted-gateway.ts";
import { APP, World } from "./world.ts";

const bootstrapToken = "one-time-code-of-128-bits-at-least";

/** A gateway that lets in who shows the invitation, or the token that it was given then. */
const inviting = ({ auth }: SeenConnect): ReturnType<typeof helloV4> =>
  auth?.bootstrapToken === bootstrapToken || auth?.deviceToken === "token-of-this-node"
    ? helloV4({ role: "node", scopes: [], deviceToken: "token-of-this-node" })
    : refusal("INVALID_REQUEST", "AUTH_TOKEN_MISSING");

describe("node join", () => {
  test("[node-app:join] node join: the pasted line lets the node in once, and from then on its own token does", async () => {
    await using world = await World.start({ connect: inviting });
    const line = `saltgate node join ${encodeSetupCode({ url: world.far.url, bootstrapToken })}`;
    const joined = await world.run(["join", ...line.split(" "), "--display-name", "rack-2"], {
      SALTGATE_GATEWAY_TOKEN: CANARY,
    });
    expect(joined.stderr).toMatch(/^Node "rack-2" .* has joined ws:.*\nRun it: saltgate-node run\n/);
    expect(joined.exit).toBe(0);
    expect(world.far.connects[0]?.auth).toEqual({ bootstrapToken });
    const [host, port] = new URL(world.far.url).host.split(":");
    expect(JSON.parse(await world.sandbox.read("node.json"))).toEqual({
      version: 1,
      nodeId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      displayName: "rack-2",
      gateway: { host, port: Number(port), tls: false },
    });
    for (const line of await world.sandbox.list())
      if (!line.includes("/ ")) expect(await world.sandbox.read(line.replace(/ .*/, ""))).not.toContain(bootstrapToken);
    await using node = world.begin(["run"]);
    await node.until("it connected", ({ stderr }) => (stderr.includes("Connected") ? true : undefined));
    expect(world.far.connects[1]?.auth).toEqual({ token: "token-of-this-node", deviceToken: "token-of-this-node" });
    expect(world.far.connects[1]?.device?.id).toBe(world.far.connects[0]?.device?.id);
  });

  test("node join: the line may come over standard input, where no list of processes shows it", async () => {
    await using world = await World.start({ connect: inviting });
    const line = `saltgate node join ${encodeSetupCode({ url: world.far.url, bootstrapToken })}\n`;
    const { exit, json } = await world.sandbox.run(["join", "-", "--json"], { node: APP, input: line });
    expect(exit).toBe(0);
    expect(json()).toMatchObject({ ok: true, gateway: world.far.url, nodeId: world.far.connects[0]?.device?.id });
  });

  test("node join: says that nothing may run, only where that is so", async () => {
    await using world = await World.start({ connect: inviting });
    const code = encodeSetupCode({ url: world.far.url, bootstrapToken });
    expect((await world.run(["join", code])).stderr).toContain("What may run here, and that is nothing yet, you say");
    await world.allowAll();
    expect((await world.run(["join", code])).stderr).toContain("What may run here you say on the gateway");
  });

  test("node join: with --run it goes on as the node", async () => {
    await using world = await World.start({ connect: inviting });
    const code = encodeSetupCode({ url: world.far.url, bootstrapToken });
    await using node = world.begin(["join", code, "--run"]);
    await node.until("it runs", ({ stderr }) => (stderr.includes("Connected") ? true : undefined));
    expect((await world.answerTo(world.ask("system.which", { bins: ["sh"] }))).ok).toBe(true);
    expect(world.far.connects).toHaveLength(1);
    node.signal("SIGTERM");
    expect(await node.ended()).toEqual({ code: 0, signal: null });
  });

  test("[node-app:join-refused] node join: an invitation that is used up or unknown ends with 4, says what helps, and changes no settings", async () => {
    await using world = await World.start({
      connect: () => refusal("INVALID_REQUEST", "AUTH_BOOTSTRAP_TOKEN_INVALID"),
    });
    const { exit, stderr } = await world.run(["join", encodeSetupCode({ url: world.far.url, bootstrapToken })]);
    expect({ exit, hint: stderr.includes("saltgate nodes invite") }).toEqual({ exit: 4, hint: true });
    expect(stderr).not.toContain(bootstrapToken);
    expect((await world.sandbox.list()).filter((line) => line.startsWith("node.json"))).toEqual([]);
  });

  test("[R-09] node join: an invitation to a public address without encryption is not followed", async () => {
    await using world = await World.start();
    const { exit, stderr } = await world.run([
      "join",
      encodeSetupCode({ url: "ws://203.0.113.9:18789", bootstrapToken }),
    ]);
    expect(exit).toBe(2);
    expect(stderr).toMatch(/^The gateway at ws:\/\/203\.0\.113\.9:18789 can't be joined: /);
    expect(stderr).not.toContain(bootstrapToken);
  });

  test("node join: words that hold no invitation end with 2 and are not repeated", async () => {
    await using world = await World.start();
    const { exit, stderr } = await world.run(["join", CANARY]);
    expect(exit).toBe(2);
    expect(stderr).toContain("saltgate nodes invite");
    expect(stderr).not.toContain(CANARY);
  });

  test("node join: while a node runs on this state, there is none to join", async () => {
    await using world = await World.start({ connect: () => helloV4({ role: "node", scopes: [] }) });
    await using node = await world.node();
    const { exit } = await world.run(["join", encodeSetupCode({ url: world.far.url, bootstrapToken })]);
    expect(exit).toBe(78);
    expect(node.ending).toBeUndefined();
  });
});
