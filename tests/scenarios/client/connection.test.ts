import { createDeviceIdentity, GatewayClient, portableEngine } from "@saltgate/client";
import { describe, expect, test } from "vitest";
import { follow } from "./support/states.ts";
import { startWorld, TOKEN } from "./support/world.ts";

const reconnect = { minDelayMs: 1, maxDelayMs: 20 };

describe.each([
  [[3, 3], 3],
  [[3, 4], 4],
  [[4, 4], 4],
] as const)("versions %j", (versions, protocol) => {
  test.each(["native", "portable", "none"] as const)(
    `versions ${JSON.stringify(versions)}: a client connects at ${protocol} and calls methods (device keys: %s)`,
    async (keys) => {
      await using world = await startWorld();
      const device =
        keys === "none"
          ? {}
          : { identity: await createDeviceIdentity(), ...(keys === "portable" && { engine: portableEngine }) };
      await using client = new GatewayClient({
        url: world.url,
        token: TOKEN,
        scopes: ["operator.read"],
        versions,
        reconnect: false,
        ...device,
      });
      const hello = await client.connect();
      expect(hello.protocol).toBe(protocol);
      expect(hello.features.methods).toContain("health");
      expect((await client.request("health")).ok).toBe(true);
      expect((await client.request("system-presence")).map(({ reason }) => reason)).toContain("connect");
      await expect(client.request("system-event", { text: "hello" })).rejects.toMatchObject({
        code: protocol === 3 ? "INVALID_REQUEST" : "FORBIDDEN",
        detailCode: "MISSING_SCOPE",
      });
      await expect(client.request("device.pair.approve", { requestId: "" })).rejects.toMatchObject({
        name: "GatewayError",
      });
    },
  );
});

describe("a connection", () => {
  test("a connection: presence is told as devices come, each event in its place", async () => {
    await using world = await startWorld();
    await using watcher = new GatewayClient({
      url: world.url,
      token: TOKEN,
      scopes: ["operator.read"],
      reconnect: false,
    });
    await watcher.connect();
    const gaps: unknown[] = [];
    watcher.onGap((gap) => gaps.push(gap));
    const identity = await createDeviceIdentity();
    const seen = new Promise<void>((resolve) =>
      watcher.on("presence", ({ payload, seq, stateVersion }) => {
        expect(seq).toBeTypeOf("number");
        expect(stateVersion?.presence).toBeTypeOf("number");
        if (payload.presence.some(({ deviceId }) => deviceId === identity.deviceId)) resolve();
      }),
    );
    await using other = new GatewayClient({
      url: world.url,
      token: TOKEN,
      scopes: ["operator.read"],
      identity,
      reconnect: false,
    });
    await other.connect();
    await seen;
    expect(gaps).toEqual([]);
  });

  test("a connection: the client finds its gateway again after a restart, and what was asked meanwhile was refused", async () => {
    await using world = await startWorld();
    await using client = new GatewayClient({
      url: world.url,
      token: TOKEN,
      scopes: ["operator.read"],
      identity: await createDeviceIdentity(),
      reconnect,
    });
    const reaches = follow(client);
    await client.connect();
    const shutdown = new Promise<string>((resolve) => client.on("shutdown", ({ payload }) => resolve(payload.reason)));
    await world.stop();
    expect(await shutdown).toMatch(/gateway/);
    expect(await reaches("waiting")).toMatchObject({ error: { code: "CLOSED", closeCode: 1012 } });
    await expect(client.request("health")).rejects.toMatchObject({ code: "NOT_CONNECTED" });
    await reaches("waiting");
    await world.start();
    await reaches("connected");
    expect((await client.request("health")).ok).toBe(true);
  });

  test("a connection: closing it leaves nothing behind at the gateway", async () => {
    await using world = await startWorld();
    const client = new GatewayClient({ url: world.url, token: TOKEN, scopes: ["operator.read"], reconnect });
    await client.connect();
    await client.close();
    await using next = new GatewayClient({ url: world.url, token: TOKEN, scopes: ["operator.read"], reconnect: false });
    await next.connect();
    expect((await next.request("health", { probe: true })).connections).toEqual({ operators: 1, nodes: 0 });
  });
});
