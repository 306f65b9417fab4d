import type { DeviceIdentity, GatewayClient } from "@saltgate/client";
import { describe, expect, test } from "vitest";
import { newClient, newDevice, stateOf } from "../../../tests/support/device.ts";
import { type ForwardingProxy, startForwardingProxy } from "../../../tests/support/forwarding-proxy.ts";
import { GatewayProcess } from "../../../tests/support/gateway.ts";
import { type Answer, Sandbox } from "../../../tests/support/sandbox.ts";

interface Listed {
  readonly pending: readonly { requestId: string; deviceId: string; displayName?: string }[];
  readonly paired: readonly {
    deviceId: string;
    displayName?: string;
    scopes?: string[];
    tokens?: { role: string; revokedAtMs?: number; rotatedAtMs?: number }[];
  }[];
}

/** A gateway, a way to it from elsewhere, and its owner's commands. */
interface World extends AsyncDisposable {
  readonly sandbox: Sandbox;
  gateway: GatewayProcess;
  readonly proxy: ForwardingProxy;
  /** A client on another machine, with the shared token. It waits for its owner. */
  client(identity: DeviceIdentity, name: string, choice?: { role?: "node"; scopes?: string[] }): Promise<GatewayClient>;
  /** Runs a `saltgate devices` command, with JSON. */
  devices(...words: string[]): Promise<Answer>;
  list(): Promise<Listed>;
}

async function startWorld(): Promise<World> {
  const stack = new AsyncDisposableStack();
  const sandbox = stack.use(await Sandbox.create());
  const gateway = stack.use(await GatewayProcess.start(sandbox));
  const proxy = stack.use(await startForwardingProxy(gateway.port));
  const token = await gateway.token();
  const world: World = {
    sandbox,
    gateway,
    proxy,
    async client(identity, displayName, choice = {}) {
      const client = newClient({
        url: `ws://127.0.0.1:${proxy.port}`,
        token,
        identity,
        client: { displayName },
        scopes: ["operator.read"],
        reconnect: false,
        ...choice,
      });
      stack.defer(() => client.close());
      await client.connect().catch(() => undefined); // the test looks at its state
      return client;
    },
    devices: (...words) => world.gateway.run(["devices", ...words, "--json"]),
    async list() {
      const answer = await world.devices("list");
      if (answer.exit !== 0) throw new Error(answer.stdout);
      return answer.json<Listed>();
    },
    async [Symbol.asyncDispose]() {
      await world.gateway[Symbol.asyncDispose]();
      await stack.disposeAsync();
    },
  };
  return world;
}

const requestOf = (client: GatewayClient): string =>
  client.state.status === "paused" ? (client.state.requestId ?? "") : "";

describe("devices", () => {
  test("[cli:devices] devices: one that asks is listed with its name and address, and one command lets it in", async () => {
    await using world = await startWorld();
    const identity = await newDevice();
    const client = await world.client(identity, "Mina's phone");
    expect(client.state).toMatchObject({ status: "paused", requestId: expect.any(String) });
    const people = await world.gateway.run(["devices", "list"]);
    expect(people.stdout).toContain("Waiting (1)");
    expect(people.stdout).toContain("Mina's phone");
    expect(people.stdout).toContain(requestOf(client));
    expect(people.stdout).toContain("saltgate devices approve <request>");
    const approved = await world.gateway.run(["devices", "approve", requestOf(client)]);
    expect(approved).toMatchObject({ exit: 0 });
    expect(approved.stdout).toContain("Approved Mina's phone");
    expect(approved.stdout).toContain("operator.read");
    client.resume();
    const { hello } = await stateOf(client, "connected");
    expect(hello.auth).toMatchObject({ role: "operator", scopes: ["operator.read"], deviceToken: expect.any(String) });
  });

  test("[cli:devices] devices: --scopes grants less than was asked for, never more", async () => {
    await using world = await startWorld();
    const client = await world.client(await newDevice(), "laptop", { scopes: ["operator.write"] });
    const more = await world.devices("approve", requestOf(client), "--scopes", "operator.admin");
    expect(more.exit).not.toBe(0);
    expect(more.json()).toMatchObject({ ok: false, error: { code: "APPROVER_LACKS_SCOPE" } });
    const less = await world.devices("approve", requestOf(client), "--scopes", "operator.read");
    expect(less.exit).toBe(0);
    expect((await world.list()).paired.find(({ displayName }) => displayName === "laptop")?.scopes).toEqual([
      "operator.read",
    ]);
  });

  test("[cli:devices-reject] devices: one that was rejected isn't paired, and asks anew when it comes again", async () => {
    await using world = await startWorld();
    const identity = await newDevice();
    const client = await world.client(identity, "tablet");
    const request = requestOf(client);
    expect(await world.devices("reject", request)).toMatchObject({ exit: 0 });
    expect((await world.list()).pending).toEqual([]);
    const again = await world.devices("approve", request);
    expect(again).toMatchObject({ exit: 1 });
    expect(again.json()).toMatchObject({ error: { code: "UNKNOWN_REQUEST_ID" } });
    client.resume();
    await stateOf(client, "paused", ({ requestId }) => requestId !== request);
  });

  test("[cli:devices-naming] devices: a request and a device may be named by their beginning, a device by its name, and nothing by less", async () => {
    await using world = await startWorld();
    const identity = await newDevice();
    const client = await world.client(identity, "Kitchen Pi");
    expect(await world.devices("approve", requestOf(client).slice(0, 3))).toMatchObject({ exit: 1 });
    expect(await world.devices("approve", requestOf(client).slice(0, 8))).toMatchObject({ exit: 0 });
    expect(await world.devices("rename", identity.deviceId.slice(0, 5), "x")).toMatchObject({ exit: 1 });
    expect(await world.devices("rename", identity.deviceId.slice(0, 6), "Cellar Pi")).toMatchObject({ exit: 0 });
    const renamed = (await world.list()).paired.find(({ deviceId }) => deviceId === identity.deviceId);
    expect(renamed?.displayName).toBe("Cellar Pi");
    expect(await world.devices("remove", "Kitchen Pi")).toMatchObject({ exit: 1 });
    expect(await world.devices("remove", "cellar PI")).toMatchObject({ exit: 0 });
  });

  test("[cli:devices-naming] devices: a name that several devices have names none of them, and says which could be meant", async () => {
    await using world = await startWorld();
    const ids: string[] = [];
    for (let index = 0; index < 2; index += 1) {
      const identity = await newDevice();
      ids.push(identity.deviceId);
      const client = await world.client(identity, "phone");
      expect(await world.devices("approve", requestOf(client))).toMatchObject({ exit: 0 });
    }
    const removed = await world.devices("remove", "phone");
    expect(removed.exit).toBe(1);
    const { error } = removed.json<{ error: { message: string; mend: string } }>();
    expect(error.message).toContain("could be several");
    for (const id of ids) expect(error.mend).toContain(id.slice(0, 12));
    expect((await world.list()).paired).toHaveLength(3);
  });

  test("[cli:devices-revoke] devices: revoking closes the device's connection before the command ends, and its token opens nothing any more", async () => {
    await using world = await startWorld();
    const identity = await newDevice();
    const client = await world.client(identity, "desk");
    await world.devices("approve", requestOf(client));
    client.resume();
    await stateOf(client, "connected");
    const lost = stateOf(client, "idle");
    expect(await world.devices("revoke", "desk")).toMatchObject({ exit: 0 });
    expect((await lost).error).toMatchObject({ code: "CLOSED" });
    await expect(client.connect()).rejects.toMatchObject({ detailCode: "PAIRING_REQUIRED" });
    const row = (await world.list()).paired.find(({ deviceId }) => deviceId === identity.deviceId);
    expect(row?.tokens?.[0]?.revokedAtMs).toEqual(expect.any(Number));
  });

  test("[cli:devices-rotate] devices: rotating has the device exchange its token when it comes back; the command sees no secret", async () => {
    await using world = await startWorld();
    const identity = await newDevice();
    const client = await world.client(identity, "desk");
    await world.devices("approve", requestOf(client));
    client.resume();
    const before = (await stateOf(client, "connected")).hello.auth?.deviceToken ?? "none";
    const lost = stateOf(client, "idle");
    const rotated = await world.devices("rotate", "desk");
    expect(rotated.exit).toBe(0);
    await lost;
    const after = (await client.connect()).auth?.deviceToken ?? "none";
    expect(after).not.toBe(before);
    for (const secret of [before, after]) expect(rotated.stdout).not.toContain(secret);
    const file = await world.sandbox.read("devices/paired.json");
    for (const secret of [before, after]) expect(file).not.toContain(secret);
  });

  test("[cli:devices-remove] devices: one that was removed is unknown, and its connection is closed", async () => {
    await using world = await startWorld();
    const identity = await newDevice();
    const client = await world.client(identity, "desk");
    await world.devices("approve", requestOf(client));
    client.resume();
    await stateOf(client, "connected");
    const lost = stateOf(client, "idle");
    expect(await world.devices("remove", identity.deviceId)).toMatchObject({ exit: 0 });
    await lost;
    expect((await world.list()).paired.map(({ deviceId }) => deviceId)).not.toContain(identity.deviceId);
    await expect(client.connect()).rejects.toMatchObject({ detailCode: "PAIRING_REQUIRED" });
  });

  test("[cli:devices-role] devices: a device of two roles asks which one is meant", async () => {
    await using world = await startWorld();
    const identity = await newDevice();
    const operator = await world.client(identity, "mini");
    await world.devices("approve", requestOf(operator));
    const node = await world.client(identity, "mini", { role: "node", scopes: [] });
    await world.devices("approve", requestOf(node));
    const vague = await world.devices("revoke", "mini");
    expect(vague.exit).toBe(2);
    expect(vague.json()).toMatchObject({
      error: { message: expect.stringMatching(/operator and node|node and operator/) },
    });
    expect(await world.devices("revoke", "mini", "--role", "node")).toMatchObject({ exit: 0 });
  });

  test("[cli:devices-offline] devices: while no gateway runs its owner approves, renames and revokes in the state folder, and the next gateway knows", async () => {
    await using world = await startWorld();
    const [waiting, known] = [await newDevice(), await newDevice()];
    const asking = await world.client(waiting, "asked before");
    const desk = await world.client(known, "desk");
    await world.devices("approve", requestOf(desk));
    desk.resume();
    await stateOf(desk, "connected");
    await world.gateway.stop();
    const approved = await world.gateway.run(["devices", "approve", requestOf(asking)]);
    expect(approved).toMatchObject({ exit: 0 });
    expect(approved.stdout).toContain("No gateway runs now");
    expect(await world.devices("rename", waiting.deviceId, "approved offline")).toMatchObject({ exit: 0 });
    expect(await world.devices("revoke", "desk")).toMatchObject({ exit: 0 });
    expect(await world.devices("rename", waiting.deviceId, "  ")).toMatchObject({ exit: 1 });
    expect(await world.devices("rename", waiting.deviceId, "x".repeat(121))).toMatchObject({ exit: 1 });
    expect((await world.list()).paired.find(({ deviceId }) => deviceId === waiting.deviceId)?.displayName).toBe(
      "approved offline",
    );
    world.gateway = await GatewayProcess.start(world.sandbox, { words: ["--port", String(world.gateway.port)] });
    asking.resume();
    if (asking.state.status !== "connected") await asking.connect();
    expect(asking.state).toMatchObject({ status: "connected" });
    await expect(desk.connect()).rejects.toMatchObject({ detailCode: "PAIRING_REQUIRED" });
  });

  test("[cli:devices-offline] devices: a gateway elsewhere that doesn't answer is never gone around", async () => {
    await using world = await startWorld();
    const client = await world.client(await newDevice(), "phone");
    await world.gateway.stop();
    const words = ["devices", "approve", requestOf(client)];
    expect(await world.sandbox.run([...words, "--url", "ws://127.0.0.1:1"])).toMatchObject({ exit: 3 });
    await world.sandbox.configure({ gateway: { mode: "remote", remote: { url: "ws://127.0.0.1:1" } } });
    expect(await world.sandbox.run(words)).toMatchObject({ exit: 3 });
  });
});
