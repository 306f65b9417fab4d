import { StoreError } from "@saltgate/store";
import { describe, expect, test } from "vitest";
import { unavailablePairing } from "../src/pairing-port.ts";
import { errorOf, newDevice, startWorld, TOKEN } from "./support/world.ts";

const remote = { "x-forwarded-for": "203.0.113.9" };
const CLI_SCOPES = ["operator.admin", "operator.approvals", "operator.pairing"];

interface Hello {
  readonly auth: { readonly scopes: string[]; readonly deviceToken?: string };
  readonly snapshot: { readonly configPath?: string; readonly presence: unknown[] };
}

describe("admission", () => {
  test("[gateway:local-owner] admission: a local program with the token gets in without a device, with the scopes it asks for", async () => {
    await using world = await startWorld();
    const wire = world.dial();
    const response = await wire.connect({ scopes: ["operator.read"] });
    expect(response).toMatchObject({
      ok: true,
      payload: { type: "hello-ok", protocol: 4, auth: { role: "operator", scopes: ["operator.read"] } },
    });
    expect(await wire.request("health")).toMatchObject({ ok: true, payload: { ok: true } });
  });

  test("[gateway:pair-and-return] admission: a remote device waits, is approved, and comes back with its own token alone", async () => {
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

    const hello = (await world.dial(remote).connect({ device, scopes: ["operator.read"] })).payload as Hello;
    const token = hello.auth.deviceToken!;
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    for (const auth of [{ token }, { deviceToken: token }, { token, deviceToken: token }]) {
      const back = await world.dial(remote).connect({ device, scopes: ["operator.read"], auth });
      expect(back).toMatchObject({ ok: true, payload: { auth: { scopes: ["operator.read"] } } });
      // It is shown once.
      expect((back.payload as Hello).auth.deviceToken).toBeUndefined();
    }
  });

  test("[gateway:one-request] admission: a device that tries again keeps its one request, which lists everything that is missing", async () => {
    await using world = await startWorld();
    const device = await newDevice();
    const first = errorOf(await world.dial(remote).connect({ device, scopes: ["operator.read", "operator.pairing"] }));
    const again = errorOf(await world.dial(remote).connect({ device, scopes: ["operator.read", "operator.pairing"] }));
    expect(again.details["requestId"]).toBe(first.details["requestId"]);
    expect(first.details["missingScopes"]).toEqual(["operator.pairing", "operator.read"]);
    expect(await world.pendingIds()).toHaveLength(1);
    expect(first.details["remediationHint"]).toContain(
      `saltgate devices approve ${String(first.details["requestId"])}`,
    );
  });

  test("[R-05] admission: a token that is present but wrong is worse than none, with and without a device", async () => {
    await using world = await startWorld();
    expect(errorOf(await world.dial().connect({ auth: { token: "junk" } })).detail).toBe("AUTH_TOKEN_MISMATCH");
    expect(errorOf(await world.dial().connect({ auth: { token: "junk" }, device: await newDevice() })).detail).toBe(
      "AUTH_TOKEN_MISMATCH",
    );
    expect(errorOf(await world.dial().connect({ auth: {} })).detail).toBe("DEVICE_IDENTITY_REQUIRED");
    expect(errorOf(await world.dial().connect({ auth: {}, device: await newDevice() })).detail).toBe(
      "AUTH_TOKEN_MISSING",
    );
    expect(await world.pendingIds()).toEqual([]);
  });

  test("[R-05] admission: in password mode a token opens nothing", async () => {
    await using world = await startWorld({ auth: { secret: { mode: "password", password: "correct horse battery" } } });
    expect(errorOf(await world.dial().connect({ auth: { token: "correct horse battery" } })).detail).toBe(
      "DEVICE_IDENTITY_REQUIRED",
    );
    expect(errorOf(await world.dial().connect({ auth: { token: "x", password: "wrong" } })).detail).toBe(
      "AUTH_PASSWORD_MISMATCH",
    );
    expect(await world.dial().connect({ auth: { password: "correct horse battery" }, scopes: [] })).toMatchObject({
      ok: true,
    });
  });

  test("[R-06] admission: ten different wrong tokens lock the token of that address, and of no other", async () => {
    await using world = await startWorld();
    for (let guess = 0; guess < 10; guess += 1) await world.dial(remote).connect({ auth: { token: `guess ${guess}` } });
    const locked = errorOf(
      await world
        .dial(remote)
        .connect({ auth: { token: TOKEN }, device: await newDevice(), scopes: ["operator.read"] }),
    );
    expect(locked.detail).toBe("AUTH_RATE_LIMITED");
    expect(await world.dial().connect({ scopes: ["operator.read"] })).toMatchObject({ ok: true });
  });

  test("[R-06] admission: guesses in the device token's field count too, and leave the device's own way in open", async () => {
    await using world = await startWorld();
    const device = await newDevice();
    const hello = (await world.dial().connect({ device, scopes: ["operator.read"] })).payload as Hello;
    const thief = await newDevice();
    for (let guess = 0; guess < 10; guess += 1) {
      await world.dial(remote).connect({ device: thief, auth: { token: `t${guess}`, deviceToken: `d${guess}` } });
    }
    expect(errorOf(await world.dial(remote).connect({ device: thief, auth: { deviceToken: "d" } })).detail).toBe(
      "AUTH_RATE_LIMITED",
    );
    expect(errorOf(await world.dial(remote).connect({ device: thief, auth: { token: TOKEN } })).detail).toBe(
      "AUTH_RATE_LIMITED",
    );
    expect(
      await world
        .dial(remote)
        .connect({ device, scopes: ["operator.read"], auth: { deviceToken: hello.auth.deviceToken! } }),
    ).toMatchObject({ ok: true });
  });

  test.each([
    { id: "openclaw-control-ui", mode: "webchat" },
    { id: "gateway-client", mode: "backend" },
    { id: "cli", mode: "cli" },
    { id: "saltgate-probe", mode: "probe" },
    { id: "test", mode: "test" },
  ])(
    "[R-07] [R-18] admission: the label $id/$mode, which anybody can give himself, changes nothing",
    async (client) => {
      await using world = await startWorld();
      expect(await world.dial(remote).connect({ client, scopes: CLI_SCOPES })).toMatchObject({
        ok: false,
        error: { code: client.id.endsWith("control-ui") ? "INVALID_REQUEST" : "NOT_PAIRED" },
      });
      expect(await world.dial(remote).connect({ client, device: await newDevice(), scopes: CLI_SCOPES })).toMatchObject(
        { ok: false, error: { code: "NOT_PAIRED" } },
      );
      expect(await world.dial().connect({ client, auth: { token: "wrong" } })).toMatchObject({ ok: false });
    },
  );

  test("[R-10] admission: without scopes there are none, in either revision, and never admin by omission", async () => {
    await using world = await startWorld();
    for (const version of [3, 4]) {
      const wire = world.dial();
      await wire.connect({ version });
      expect(errorOf(await wire.request("health")).detail).toBe("MISSING_SCOPE");
      expect(errorOf(await wire.request("device.pair.list")).detail).toBe("MISSING_SCOPE");
    }
  });

  test("[R-10] admission: a remote program without a device gets nowhere, whatever it asks for", async () => {
    await using world = await startWorld();
    for (const version of [3, 4]) {
      expect(errorOf(await world.dial(remote).connect({ version, scopes: CLI_SCOPES })).detail).toBe(
        "DEVICE_IDENTITY_REQUIRED",
      );
    }
  });

  test("[R-10] admission: localWithoutDevice narrows what a local program without a device may do", async () => {
    await using narrow = await startWorld({ auth: { localWithoutDevice: "read-write" } });
    const hello = (await narrow.dial().connect({ scopes: CLI_SCOPES })).payload as Hello;
    expect(hello.auth.scopes).toEqual(["operator.write"]);
    await using off = await startWorld({ auth: { localWithoutDevice: "off" } });
    expect(errorOf(await off.dial().connect({ scopes: ["operator.read"] })).detail).toBe("DEVICE_IDENTITY_REQUIRED");
  });

  test("[gateway:no-scopes-waits] admission: a local device that names no scopes waits for its owner, who decides what it may do", async () => {
    await using world = await startWorld();
    const device = await newDevice();
    expect(errorOf(await world.dial().connect({ version: 3, device })).detail).toBe("PAIRING_REQUIRED");
    const owner = world.dial();
    await owner.connect({ scopes: CLI_SCOPES });
    const [requestId] = await world.pendingIds();
    await owner.request("device.pair.approve", { requestId });
    const wire = world.dial();
    await wire.connect({ version: 3, device });
    expect(await wire.request("health")).toMatchObject({ ok: true });
    expect(errorOf(await wire.request("system-event", { text: "x" })).code).toBe("INVALID_REQUEST");
  });

  test("[R-13] admission: the first pairing of a local device is silent; asking for more later is not", async () => {
    await using world = await startWorld();
    const device = await newDevice();
    expect(await world.dial().connect({ device, scopes: ["operator.read"] })).toMatchObject({ ok: true });
    const more = errorOf(await world.dial().connect({ device, scopes: ["operator.admin"] }));
    expect(more).toMatchObject({ code: "NOT_PAIRED", detail: "PAIRING_REQUIRED" });
    expect(more.details["reason"]).toBe("scope-upgrade");
    expect(errorOf(await world.dial().connect({ device, role: "node" })).details["reason"]).toBe("role-upgrade");
    expect(await world.pendingIds()).toHaveLength(1);
  });

  test("[R-04] admission: the connection of a web page is never paired silently", async () => {
    await using world = await startWorld();
    const origin = world.url.replace("ws:", "http:");
    const response = await world.dial({ origin }).connect({ device: await newDevice(), scopes: ["operator.read"] });
    expect(errorOf(response).detail).toBe("PAIRING_REQUIRED");
    expect(errorOf(await world.dial({ origin }).connect({ scopes: ["operator.read"] })).detail).toBe(
      "CONTROL_UI_DEVICE_IDENTITY_REQUIRED",
    );
  });

  test("[R-04] admission: a page of another origin is refused before it sees a challenge", async () => {
    await using world = await startWorld();
    const wire = world.dial({ origin: "https://evil.example" });
    expect(await wire.refused()).toBe(403);
    expect(wire.frames).toEqual([]);
    expect(JSON.parse(wire.refusedBody)).toMatchObject({ error: { type: "CONTROL_UI_ORIGIN_NOT_ALLOWED" } });
  });

  test("[R-04] admission: a page that guesses passwords on loopback is locked, by itself", async () => {
    await using world = await startWorld({ auth: { secret: { mode: "password", password: "hunter2" } } });
    const origin = world.url.replace("ws:", "http:");
    const page = { device: await newDevice() };
    for (let guess = 0; guess < 10; guess += 1)
      await world.dial({ origin }).connect({ ...page, auth: { password: `guess ${guess}` } });
    expect(errorOf(await world.dial({ origin }).connect({ ...page, auth: { password: "hunter2" } })).detail).toBe(
      "AUTH_RATE_LIMITED",
    );
    expect(await world.dial().connect({ auth: { password: "hunter2" }, scopes: ["operator.read"] })).toMatchObject({
      ok: true,
    });
  });

  test("[R-03] admission: a trusted proxy that does not say for whom it asks is refused before the upgrade", async () => {
    await using world = await startWorld({ auth: { trustedProxies: ["127.0.0.1"] } });
    expect(await world.dial({ "x-forwarded-host": "gw.example" }).refused()).toBe(403);
    expect(
      errorOf(await world.dial(remote).connect({ device: await newDevice(), scopes: ["operator.read"] })).detail,
    ).toBe("PAIRING_REQUIRED");
    const { pending } = await world.pairing.list();
    expect(pending).toMatchObject([{ remoteIp: "203.0.113.9" }]);
  });

  test("[R-02] admission: a rebound Host on loopback is not local", async () => {
    await using world = await startWorld();
    for (const host of ["a.ts.net", "evil.example"]) {
      expect(errorOf(await world.dial({ host }).connect({ scopes: ["operator.read"] })).detail).toBe(
        "DEVICE_IDENTITY_REQUIRED",
      );
      expect(
        errorOf(await world.dial({ host }).connect({ device: await newDevice(), scopes: ["operator.read"] })).detail,
      ).toBe("PAIRING_REQUIRED");
    }
  });

  test.each(["", "ünïcödé-\u{1f511}", "x".repeat(4_000), "\u0000"])(
    "[R-46] admission: a credential of any shape is plainly refused",
    async (credential) => {
      await using world = await startWorld();
      const response = await world.dial().connect({
        device: await newDevice(),
        auth: { token: credential, deviceToken: credential, password: credential },
      });
      expect(errorOf(response).detail).toMatch(/^AUTH_/);
    },
  );

  test("[gateway:tailscale] admission: an identity that Tailscale vouches for counts as a credential, and never as local", async () => {
    const whois = (address: string) =>
      Promise.resolve(address === "100.64.1.2" ? { login: "Mina@example.com" } : undefined);
    await using world = await startWorld({ auth: { allowTailscale: true }, whois });
    const served = {
      "tailscale-user-login": "mina@example.com",
      "x-forwarded-for": "100.64.1.2",
      "x-forwarded-proto": "https",
      "x-forwarded-host": "box.ts.net",
    };
    const device = await newDevice();
    expect(errorOf(await world.dial(served).connect({ device, auth: {}, scopes: ["operator.read"] })).detail).toBe(
      "PAIRING_REQUIRED",
    );
    for (const change of [
      { "x-forwarded-for": "100.64.1.3" },
      { "tailscale-user-login": "eve@example.com" },
      { "x-forwarded-proto": "" },
    ]) {
      expect(
        errorOf(await world.dial({ ...served, ...change }).connect({ device, auth: {}, scopes: ["operator.read"] }))
          .detail,
      ).toMatch(/^AUTH_/);
    }
    expect(
      errorOf(await world.dial({ "tailscale-user-login": "mina@example.com" }).connect({ device, auth: {} })).detail,
    ).toBe("AUTH_TOKEN_MISSING");
  });

  test("[R-57] admission: while the pairing files are damaged no device gets in, none is told that its token is wrong, and the owner gets in to ask", async () => {
    const damaged = unavailablePairing(new StoreError("corrupt", "devices/paired.json is damaged"));
    await using world = await startWorld({ pairing: damaged });
    const device = await newDevice();
    for (const auth of [{ deviceToken: "its-own" }, { token: TOKEN }, { token: TOKEN, deviceToken: "its-own" }]) {
      const wire = world.dial();
      const refused = await wire.connect({ device, auth, scopes: ["operator.read"] });
      expect(errorOf(refused)).toMatchObject({ code: "UNAVAILABLE", detail: "STORE_UNAVAILABLE" });
      expect(refused.error).toMatchObject({ retryable: true });
      expect((await wire.end()).code).toBe(1013);
    }
    const owner = world.dial();
    expect(await owner.connect({ scopes: CLI_SCOPES })).toMatchObject({ ok: true });
    expect(errorOf(await owner.request("device.pair.list")).detail).toBe("STORE_UNAVAILABLE");
  });

  test("[gateway:metadata] admission: what a device says of itself reaches the owner without control characters, and cut", async () => {
    await using world = await startWorld();
    await world.dial(remote).connect({
      device: await newDevice(),
      scopes: ["operator.read"],
      client: { displayName: "nice\u001b[31m\u202ename" },
    });
    const [row] = (await world.pairing.list()).pending;
    expect(row?.displayName).toBe("nice·[31m·name");
  });
});
