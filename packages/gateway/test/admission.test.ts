import { describe, expect, test } from "vitest";
import { errorOf, newDevice, startWorld, TOKEN } from "./support/world.ts";

const remote = { "x-forwarded-for": "203.0.113.9" };
const CLI_SCOPES = ["operator.admin", "operator.approvals", "operator.pairing"];

describe("admission", () => {
  test("admission: a local program with the token gets in without a device, with the scopes it asks for", async () => {
    await using world = await startWorld();
    const wire = world.dial();
    const response = await wire.connect({ scopes: ["operator.read"] });
    expect(response).toMatchObject({
      ok: true,
      payload: { type: "hello-ok", protocol: 4, auth: { role: "operator", scopes: ["operator.read"] } },
    });
    expect(await wire.request("health")).toMatchObject({ ok: true, payload: { ok: true } });
  });

  test("admission: a remote device waits, is approved, and comes back with its own token", async () => {
    await using world = await startWorld();
    const device = await newDevice();
    const first = world.dial(remote);
    const refused = await first.connect({ device, scopes: ["operator.read"] });
    expect(errorOf(refused)).toMatchObject({ code: "NOT_PAIRED", detail: "PAIRING_REQUIRED" });
    expect(await first.end()).toMatchObject({ code: 1008 });

    const owner = world.dial();
    await owner.connect({ scopes: CLI_SCOPES });
    const [requestId] = await world.pendingIds();
    expect(await owner.request("device.pair.approve", { requestId })).toMatchObject({ ok: true });

    const second = world.dial(remote);
    const hello = await second.connect({ device, scopes: ["operator.read"] });
    const { deviceToken } = (hello.payload as { auth: { deviceToken: string } }).auth;
    expect(deviceToken).toMatch(/^[A-Za-z0-9_-]{43}$/);

    const third = world.dial(remote);
    const back = await third.connect({ device, scopes: ["operator.read"], auth: { token: deviceToken } });
    expect(back).toMatchObject({ ok: true, payload: { auth: { scopes: ["operator.read"] } } });
    expect(TOKEN).not.toBe(deviceToken);
  });
});
