import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDeviceIdentity, GatewayClient, memoryTokenStore } from "@saltgate/client";
import { fileTokenStore } from "@saltgate/client/node";
import { describe, expect, test } from "vitest";
import { follow } from "./support/states.ts";
import { OWNER, startWorld, TOKEN } from "./support/world.ts";

/** Fast enough for a test, and still not hammering. */
const reconnect = { minDelayMs: 1, maxDelayMs: 20 };

describe("a device and its gateway", () => {
  test("a device and its gateway: it waits for its owner, comes in, and returns with its own token alone", async () => {
    await using world = await startWorld();
    const folder = await mkdtemp(join(tmpdir(), "saltgate-client-"));
    const tokenStore = fileTokenStore(join(folder, "device-auth.json"));
    const identity = await createDeviceIdentity();
    {
      await using client = new GatewayClient({ url: world.url, token: TOKEN, identity, tokenStore, reconnect });
      const reaches = follow(client);
      // Without scopes nothing is granted silently: the owner says what this device may do.
      await expect(client.connect()).rejects.toMatchObject({ code: "NOT_PAIRED", detailCode: "PAIRING_REQUIRED" });
      const { requestId } = await reaches("paused");
      expect((await world.pairing.list()).pending.map((waiting) => waiting.requestId)).toEqual([requestId]);
      await world.approveOnly(["operator.read"]);
      client.resume();
      const { hello } = await reaches("connected");
      expect(hello.auth).toMatchObject({ role: "operator", scopes: ["operator.read"] });
    }
    await using alone = new GatewayClient({
      url: world.url,
      identity,
      tokenStore: fileTokenStore(join(folder, "device-auth.json")),
      reconnect: false,
    });
    const hello = await alone.connect();
    expect(hello.auth).toMatchObject({ scopes: ["operator.read"] });
    expect((await alone.request("health")).ok).toBe(true);
    await expect(alone.request("device.pair.list")).rejects.toMatchObject({
      code: "FORBIDDEN",
      detailCode: "MISSING_SCOPE",
    });
    await rm(folder, { recursive: true });
  });

  test("a device and its gateway: told to wait, the client is let in by the approval alone", async () => {
    await using world = await startWorld();
    await using client = new GatewayClient({
      url: world.url,
      token: TOKEN,
      identity: await createDeviceIdentity(),
      reconnect,
      waitForApproval: true,
    });
    const reaches = follow(client);
    const connecting = client.connect();
    await reaches("waiting");
    await world.approveOnly(["operator.read"]);
    expect((await connecting).auth).toMatchObject({ scopes: ["operator.read"] });
    expect((await world.pairing.list()).pending).toEqual([]);
  });

  test("a device and its gateway: a rotated token is exchanged on the way back, and the new one is good from then on", async () => {
    await using world = await startWorld();
    const identity = await createDeviceIdentity();
    const tokenStore = memoryTokenStore();
    const key = { origin: world.url, deviceId: identity.deviceId, role: "operator" };
    {
      await using first = new GatewayClient({
        url: world.url,
        token: TOKEN,
        identity,
        tokenStore,
        scopes: ["operator.read"],
      });
      await first.connect();
    }
    const before = await tokenStore.read(key);
    await using client = new GatewayClient({ url: world.url, identity, tokenStore, reconnect });
    const reaches = follow(client);
    await client.connect();
    await world.pairing.rotate({ deviceId: identity.deviceId, role: "operator", caller: OWNER });
    expect(await reaches("waiting")).toMatchObject({
      error: { code: "CLOSED", closeCode: 1008, closeReason: "credentials changed" },
    });
    await reaches("connected");
    const after = await tokenStore.read(key);
    expect(after?.token).not.toBe(before?.token);
    await client.close();
    await using again = new GatewayClient({ url: world.url, identity, tokenStore, reconnect: false });
    await again.connect();
  });

  test("a device and its gateway: a removed device forgets its token and pauses instead of hammering", async () => {
    await using world = await startWorld();
    const identity = await createDeviceIdentity();
    const tokenStore = memoryTokenStore();
    {
      await using first = new GatewayClient({
        url: world.url,
        token: TOKEN,
        identity,
        tokenStore,
        scopes: ["operator.read"],
      });
      await first.connect();
    }
    await using client = new GatewayClient({ url: world.url, identity, tokenStore, reconnect });
    const reaches = follow(client);
    await client.connect();
    await world.pairing.remove({ deviceId: identity.deviceId, caller: OWNER });
    expect(await reaches("paused")).toMatchObject({ error: { detailCode: "AUTH_DEVICE_TOKEN_MISMATCH" } });
    expect(await tokenStore.read({ origin: world.url, deviceId: identity.deviceId, role: "operator" })).toBeUndefined();
  });

  test("a device and its gateway: the owner's other device hears of the request and can grant it", async () => {
    await using world = await startWorld();
    await using owner = new GatewayClient({
      url: world.url,
      token: TOKEN,
      scopes: ["operator.admin"],
      reconnect: false,
    });
    await owner.connect();
    const asked = new Promise<string>((resolve) =>
      owner.on("device.pair.requested", ({ payload }) => resolve(payload.requestId)),
    );
    await using client = new GatewayClient({
      url: world.url,
      token: TOKEN,
      identity: await createDeviceIdentity(),
      reconnect,
      waitForApproval: true,
    });
    const connecting = client.connect();
    const approved = await owner.request("device.pair.approve", { requestId: await asked, scopes: ["operator.write"] });
    expect(approved.device.scopes).toEqual(["operator.write"]);
    expect((await connecting).auth).toMatchObject({ scopes: ["operator.write"] });
  });
});

describe("a gateway and its secret", () => {
  test("a gateway and its secret: a wrong one is refused once, by name", async () => {
    await using world = await startWorld();
    await using client = new GatewayClient({ url: world.url, token: "wrong", scopes: ["operator.read"], reconnect });
    const reaches = follow(client);
    await expect(client.connect()).rejects.toMatchObject({ detailCode: "AUTH_TOKEN_MISMATCH" });
    await reaches("paused");
  });

  test("a gateway and its secret: without any the client is told that a device is needed", async () => {
    await using world = await startWorld();
    await using client = new GatewayClient({ url: world.url, reconnect: false });
    await expect(client.connect()).rejects.toMatchObject({
      code: "NOT_PAIRED",
      detailCode: "DEVICE_IDENTITY_REQUIRED",
    });
  });
});
