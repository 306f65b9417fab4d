import { chmod, readdir, readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { newClient, newDevice, OWNER } from "../../../tests/support/device.ts";
import { GatewayProcess } from "../../../tests/support/gateway.ts";
import { CANARY, Sandbox } from "../../../tests/support/sandbox.ts";

/** The ways in which a file goes bad. */
const DAMAGE: readonly (readonly [string, (text: string) => string | Uint8Array])[] = [
  ["cut in half", (text) => text.slice(0, Math.floor(text.length / 2))],
  ["emptied", () => ""],
  ["overwritten with noise", () => Uint8Array.from({ length: 300 }, (_, index) => (index * 151 + 7) % 256)],
  ["another kind of JSON", () => "[1, 2, 3]"],
];

describe("configuration trouble", () => {
  test("[cli:last-good] gateway: a broken configuration runs on the last good one, degraded, and says so everywhere", async () => {
    await using sandbox = await Sandbox.create();
    await using first = await GatewayProcess.start(sandbox);
    const token = await first.token();
    await first.stop();
    await sandbox.write("saltgate.json", '{ gateway: { port: 18789, bindd: "lan" } }');
    await using gateway = await GatewayProcess.start(sandbox);
    expect(gateway.lines.some(({ level, msg }) => level === "error" && msg.includes("gateway.bind"))).toBe(true);
    const health = await gateway.run(["health", "--token", token, "--json"]);
    expect(health.exit).toBe(0);
    expect(health.json<{ phase: string; problems: string[] }>()).toMatchObject({
      phase: "degraded",
      problems: [expect.stringContaining("bindd")],
    });
    const status = await gateway.run(["gateway", "status"]);
    expect(status.exit).toBe(0);
    expect(status.stdout).toContain("the last good one is");
    expect(status.stdout).toMatch(/Problem\s+.*bindd/);
    expect((await gateway.run(["status"])).stdout).toMatch(/Problem\s+.*bindd/);
    await sandbox.write("saltgate.json", await sandbox.read("saltgate.json.last-good"));
    await gateway.stop();
    await using mended = await GatewayProcess.start(sandbox);
    expect((await mended.run(["health", "--json"])).json()).toMatchObject({ ok: true, phase: "ready" });
  });

  test("[cli:no-last-good] gateway: with nothing good to fall back on it starts on loopback, lets paired devices in and nobody else", async () => {
    await using sandbox = await Sandbox.create();
    const identity = await newDevice();
    const stored = await (async () => {
      await using gateway = await GatewayProcess.start(sandbox);
      await using client = newClient({ url: gateway.url, token: await gateway.token(), identity, scopes: OWNER });
      const { auth } = await client.connect();
      await gateway.stop();
      return auth?.deviceToken ?? "";
    })();
    await sandbox.write("saltgate.json", '{ gateway: { bind: "lan", auth: { token: ');
    await sandbox.write("saltgate.json.last-good", "{{{");
    await using gateway = await GatewayProcess.start(sandbox);
    const listening = gateway.lines.find(({ msg }) => msg === "listening");
    expect(listening).toMatchObject({ authFrom: "made for this run" });
    for (const url of (listening?.["urls"] ?? []) as string[]) expect(url).toMatch(/^ws:\/\/(127\.0\.0\.1|\[::1\]):/);
    await using paired = newClient({
      url: gateway.url,
      identity,
      scopes: OWNER,
      token: stored,
      reconnect: false,
    });
    await paired.connect();
    expect(await paired.request("health", { probe: true })).toMatchObject({ phase: "degraded" });
    await using stranger = newClient({
      url: gateway.url,
      identity: await newDevice(),
      token: CANARY,
      reconnect: false,
    });
    await expect(stranger.connect()).rejects.toMatchObject({ detailCode: "AUTH_TOKEN_MISMATCH" });
    await using nobody = newClient({ url: gateway.url, reconnect: false });
    await expect(nobody.connect()).rejects.toMatchObject({ detailCode: "DEVICE_IDENTITY_REQUIRED" });
  });

  test("[cli:config-open] gateway: a configuration that others may read is said to be one", async () => {
    await using sandbox = await Sandbox.create();
    await sandbox.configure({ gateway: { auth: { token: CANARY } } });
    await chmod(sandbox.path("saltgate.json"), 0o644);
    await using gateway = await GatewayProcess.start(sandbox);
    expect(gateway.lines.some(({ level, msg }) => level === "warn" && msg.includes("chmod 600"))).toBe(true);
  });

  for (const file of ["devices/paired.json", "devices/pending.json"]) {
    test.each(DAMAGE)(
      `[R-57] gateway: with ${file} %s it starts degraded, lets nobody new in, says what to do, and keeps the file`,
      async (_how, damage) => {
        await using sandbox = await Sandbox.create();
        const identity = await newDevice();
        const token = await (async () => {
          await using gateway = await GatewayProcess.start(sandbox);
          await using client = newClient({ url: gateway.url, token: await gateway.token(), identity, scopes: OWNER });
          await client.connect();
          await gateway.stop();
          return await gateway.token();
        })();
        const good = file.endsWith("paired.json") ? await sandbox.read(file) : "{}";
        const bad = damage(good);
        await sandbox.write(file, bad);
        await using gateway = await GatewayProcess.start(sandbox);
        for (const device of [identity, await newDevice()]) {
          await using client = newClient({
            url: gateway.url,
            token,
            identity: device,
            scopes: OWNER,
            reconnect: false,
          });
          await expect(client.connect()).rejects.toMatchObject({ detailCode: "STORE_UNAVAILABLE" });
        }
        const status = await gateway.run(["status"]);
        expect(status.stdout).toContain("degraded");
        expect(status.stdout).toContain(sandbox.path(file));
        expect(status.exit).toBe(0);
        const list = await gateway.run(["devices", "list", "--json"]);
        expect(list.exit).toBe(1);
        expect(list.json()).toMatchObject({ ok: false, error: { code: "STORE_UNAVAILABLE" } });
        expect(await gateway.stop()).toBe(0);
        // The damaged bytes are where they were, and once more beside it.
        expect(await readFile(sandbox.path(file))).toEqual(Buffer.from(bad));
        const copies = (await readdir(sandbox.path("devices"))).filter((name) => name.includes(".corrupt-"));
        expect(copies).toHaveLength(1);
        const offline = await sandbox.run(["devices", "list"]);
        expect(offline.exit).toBe(1);
        expect(offline.stderr).toContain("is damaged");
        await sandbox.write(file, good);
        await using mended = await GatewayProcess.start(sandbox);
        await using client = newClient({ url: mended.url, token, identity, scopes: OWNER });
        await client.connect();
      },
    );
  }

  test.each(DAMAGE)(
    "[R-57] cli: with its own key %s it says so, keeps the file, and gets no new identity by itself",
    async (_how, damage) => {
      await using sandbox = await Sandbox.create();
      await using gateway = await GatewayProcess.start(sandbox);
      await gateway.run(["health"]);
      const bad = damage(await sandbox.read("identity/device.json"));
      await sandbox.write("identity/device.json", bad);
      const { exit, stderr } = await gateway.run(["health"]);
      expect(exit).toBe(1);
      expect(stderr).toContain(sandbox.path("identity/device.json"));
      expect(await readFile(sandbox.path("identity/device.json"))).toEqual(Buffer.from(bad));
    },
  );

  test.each(DAMAGE)(
    "[R-57] cli: with its device token %s it still gets in by the owner's secret",
    async (_how, damage) => {
      await using sandbox = await Sandbox.create();
      await using gateway = await GatewayProcess.start(sandbox);
      await gateway.run(["health"]);
      await sandbox.write("identity/device-auth.json", damage(await sandbox.read("identity/device-auth.json")));
      expect(await gateway.run(["health"])).toMatchObject({ exit: 0 });
    },
  );
});
