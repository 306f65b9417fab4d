import { describe, expect, test } from "vitest";
import { type ConnectChoice, errorOf, newDevice, startWorld, TOKEN, type Wire, type World } from "./support/world.ts";

const remote = { "x-forwarded-for": "203.0.113.9" };
const OWNER = ["operator.admin", "operator.approvals", "operator.pairing"];

/** A device that its owner has let in with these scopes, and its open connection. */
async function paired(world: World, scopes: readonly string[], choice: ConnectChoice = {}) {
  const device = await newDevice();
  const refused = errorOf(await world.dial(remote).connect({ ...choice, device, scopes }));
  const owner = world.dial();
  await owner.connect({ scopes: OWNER });
  await owner.request("device.pair.approve", { requestId: refused.details["requestId"] });
  const wire = world.dial(remote);
  const hello = await wire.connect({ ...choice, device, scopes });
  const token = (hello.payload as { auth: { deviceToken: string } }).auth.deviceToken;
  return { device, wire, token, owner };
}

function deviceTokenOf(response: Awaited<ReturnType<Wire["connect"]>>): string | undefined {
  return (response.payload as { auth?: { deviceToken?: string } } | undefined)?.auth?.deviceToken;
}

describe("orders about devices", () => {
  test("[R-11] orders: nobody rotates a token to more than he holds or the device has, and nothing is changed by trying", async () => {
    await using world = await startWorld();
    const { wire, device } = await paired(world, ["operator.pairing"]);
    const before = await world.pairing.list();
    const refused = errorOf(
      await wire.request("device.token.rotate", {
        deviceId: device.deviceId,
        role: "operator",
        scopes: ["operator.admin"],
      }),
    );
    expect(refused.code).toBe("FORBIDDEN");
    expect((await world.pairing.list()).paired[0]).toMatchObject({
      scopes: before.paired[0]!.scopes,
      tokens: [{ scopes: before.paired[0]!.tokens[0]!.scopes }],
    });
  });

  test.each([
    [["operator.pairing"], ["operator.read"], false],
    [["operator.pairing"], ["operator.pairing"], true],
    [["operator.pairing", "operator.write"], ["operator.read"], true],
    [["operator.pairing", "operator.read"], ["operator.write"], false],
    [["operator.pairing", "operator.write"], ["operator.admin"], false],
    [["operator.admin"], ["operator.admin"], true],
  ] as const)("[R-12] orders: an approver with %j approves a request for %j: %s", async (held, asked, allowed) => {
    await using world = await startWorld();
    const { wire } = await paired(world, held);
    const waiting = errorOf(await world.dial(remote).connect({ device: await newDevice(), scopes: asked }));
    const response = await wire.request("device.pair.approve", { requestId: waiting.details["requestId"] });
    expect(response.ok).toBe(allowed);
    if (!allowed) {
      expect(errorOf(response)).toMatchObject({ code: "FORBIDDEN", detail: "APPROVER_LACKS_SCOPE" });
      expect(await world.pendingIds()).toHaveLength(1);
    }
  });

  test("[R-12] orders: a node is approved by an admin only", async () => {
    await using world = await startWorld();
    const { wire } = await paired(world, ["operator.pairing", "operator.write"]);
    const waiting = errorOf(await world.dial(remote).connect({ device: await newDevice(), role: "node" }));
    expect(errorOf(await wire.request("device.pair.approve", { requestId: waiting.details["requestId"] })).code).toBe(
      "FORBIDDEN",
    );
  });

  test("[R-14] orders: a revoked role stays closed to the shared secret until its owner approves again", async () => {
    await using world = await startWorld();
    const { device, owner, token } = await paired(world, ["operator.read"]);
    await owner.request("device.token.revoke", { deviceId: device.deviceId, role: "operator" });
    for (const auth of [{ token: TOKEN }, { token: TOKEN, deviceToken: token }]) {
      const response = await world.dial(remote).connect({ device, scopes: ["operator.read"], auth });
      expect(errorOf(response).detail).toBe("PAIRING_REQUIRED");
      expect(deviceTokenOf(response)).toBeUndefined();
    }
    expect(errorOf(await world.dial(remote).connect({ device, auth: { deviceToken: token } })).detail).toBe(
      "AUTH_DEVICE_TOKEN_MISMATCH",
    );
    const local = await world.dial().connect({ device, scopes: ["operator.read"] });
    expect(errorOf(local).detail).toBe("PAIRING_REQUIRED");
  });

  test("[R-15] orders: who is no admin acts on his own device only, and nobody but the device ever sees its token", async () => {
    await using world = await startWorld();
    const a = await paired(world, ["operator.pairing"]);
    const b = await paired(world, ["operator.read"]);
    for (const method of ["device.token.rotate", "device.token.revoke"]) {
      expect(errorOf(await a.wire.request(method, { deviceId: b.device.deviceId, role: "operator" })).detail).toBe(
        "DEVICE_NOT_OWNED",
      );
    }
    expect(errorOf(await a.wire.request("device.pair.remove", { deviceId: b.device.deviceId })).detail).toBe(
      "DEVICE_NOT_OWNED",
    );
    await b.owner.request("device.token.rotate", { deviceId: b.device.deviceId, role: "operator" });
    await b.wire.end();
    const back = await world
      .dial(remote)
      .connect({ device: b.device, scopes: ["operator.read"], auth: { deviceToken: b.token } });
    const fresh = deviceTokenOf(back)!;
    expect(fresh).toMatch(/^[A-Za-z0-9_-]{43}$/);
    for (const other of [a.wire, a.owner, b.owner]) {
      for (const secret of [fresh, b.token]) expect(other.texts.join("\n")).not.toContain(secret);
    }
  });

  test("[gateway:rotate] orders: after a rotation the old token is good for coming back, and ends with the first use of the new one", async () => {
    await using world = await startWorld();
    const { device, owner, token, wire } = await paired(world, ["operator.read"]);
    expect(await owner.request("device.token.rotate", { deviceId: device.deviceId, role: "operator" })).toMatchObject({
      ok: true,
      payload: { tokenDelivery: "withheld-cross-device" },
    });
    expect(await wire.end()).toEqual({ code: 1008, reason: "credentials changed" });
    const fresh = deviceTokenOf(await world.dial(remote).connect({ device, auth: { deviceToken: token } }))!;
    expect(await world.dial(remote).connect({ device, auth: { deviceToken: fresh } })).toMatchObject({ ok: true });
    expect(errorOf(await world.dial(remote).connect({ device, auth: { deviceToken: token } })).detail).toBe(
      "AUTH_DEVICE_TOKEN_MISMATCH",
    );
    expect(await world.dial(remote).connect({ device, auth: { deviceToken: fresh } })).toMatchObject({ ok: true });
  });

  test.each(["device.token.revoke", "device.pair.remove", "device.token.rotate"])(
    "[R-16] orders: %s has ended the device's connections when its answer comes, and they hear nothing more",
    async (method) => {
      await using world = await startWorld();
      const { device, owner, wire } = await paired(world, ["operator.read"]);
      const other = await paired(world, ["operator.read"]);
      let frames = 0;
      await owner.request(method, { deviceId: device.deviceId, role: "operator" });
      frames = wire.frames.length;
      expect(await wire.end()).toEqual({ code: 1008, reason: "credentials changed" });
      await owner.request("system-event", { text: "Node: box (1.2.3.4) · mode ui" });
      await other.wire.event("presence", (payload: { presence: { host?: string }[] }) =>
        payload.presence.some(({ host }) => host === "box"),
      );
      expect(wire.frames.length - frames).toBeLessThanOrEqual(1);
      expect(other.wire.closed).toBeUndefined();
    },
  );

  test("[R-17] orders: a new shared secret ends the connections of the old one, on every surface", async () => {
    await using world = await startWorld();
    const { device, token } = await paired(world, ["operator.read"]);
    const kept = world.dial(remote);
    await kept.connect({ device, scopes: ["operator.read"], auth: { deviceToken: token } });
    const old = world.dial();
    await old.connect({ scopes: ["operator.read"] });
    world.gateway.replaceSecret({ mode: "token", token: "a-new-secret-a-new-secret-a-new-secret-a-new" });
    expect(await old.end()).toEqual({ code: 1008, reason: "credentials changed" });
    expect(errorOf(await world.dial().connect({})).detail).toBe("AUTH_TOKEN_MISMATCH");
    const metrics = await fetch(`${world.url.replace("ws:", "http:")}/metrics`, {
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    expect(metrics.status).toBe(401);
    expect(await kept.request("health")).toMatchObject({ ok: true });
  });

  test("[R-20] orders: an operator with pairing alone hears of pairing, and of nothing else but ticks", async () => {
    await using world = await startWorld({ limits: { tickIntervalMs: 60 } });
    const { wire, owner } = await paired(world, ["operator.pairing"]);
    await owner.request("system-event", { text: "hello" });
    await owner.request("health", { probe: true });
    await world.dial(remote).connect({ device: await newDevice(), scopes: ["operator.read"] });
    await wire.event("device.pair.requested");
    await wire.event("tick");
    const names = new Set(wire.frames.flatMap((frame) => (frame.type === "event" ? [frame.event] : [])));
    expect([...names].sort()).toEqual(["connect.challenge", "device.pair.requested", "tick"]);
  });

  test("[R-20] orders: a node hears of nothing but itself, ticks and the end", async () => {
    await using world = await startWorld({ limits: { tickIntervalMs: 60 } });
    const { wire, owner } = await paired(world, [], { role: "node" });
    await owner.request("health", { probe: true });
    await world.dial(remote).connect({ device: await newDevice(), scopes: ["operator.read"] });
    await wire.event("tick");
    const names = new Set(wire.frames.flatMap((frame) => (frame.type === "event" ? [frame.event] : [])));
    expect([...names].sort()).toEqual(["connect.challenge", "tick"]);
    expect(errorOf(await wire.request("health")).message).toBe("unauthorized role: node");
  });

  test("[gateway:device-orders] orders: unknown requests and devices get a named error with the command that mends it", async () => {
    await using world = await startWorld();
    const owner = world.dial();
    await owner.connect({ scopes: OWNER });
    for (const method of ["device.pair.approve", "device.pair.reject"]) {
      const refused = errorOf(await owner.request(method, { requestId: "nope" }));
      expect(refused).toMatchObject({ code: "INVALID_REQUEST", detail: "UNKNOWN_REQUEST_ID" });
      expect(refused.message).toContain("saltgate devices list");
    }
    for (const method of ["device.token.rotate", "device.token.revoke", "device.pair.remove", "device.pair.rename"]) {
      const refused = errorOf(await owner.request(method, { deviceId: "nope", role: "operator", displayName: "x" }));
      expect(refused).toMatchObject({ code: "INVALID_REQUEST", detail: "UNKNOWN_DEVICE" });
    }
  });

  test("[gateway:pair-events] orders: whoever approves devices hears of each request and of its end", async () => {
    await using world = await startWorld();
    const owner = world.dial();
    await owner.connect({ scopes: OWNER });
    const device = await newDevice();
    const waiting = errorOf(
      await world.dial(remote).connect({ device, scopes: ["operator.read"], client: { displayName: "Mina's phone" } }),
    );
    const { requestId } = waiting.details;
    expect(await owner.event("device.pair.requested")).toMatchObject({
      payload: {
        requestId,
        deviceId: device.deviceId,
        displayName: "Mina's phone",
        scopes: ["operator.read"],
        silent: false,
      },
    });
    await owner.request("device.pair.reject", { requestId });
    expect(await owner.event("device.pair.resolved")).toMatchObject({
      payload: { requestId, deviceId: device.deviceId, decision: "rejected" },
    });
    expect(await world.pendingIds()).toEqual([]);
  });
});
