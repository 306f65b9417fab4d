import { describe, expect, test } from "vitest";
import { Diary, newClient, OWNER, stateOf } from "../../../tests/support/device.ts";
import { GatewayProcess } from "../../../tests/support/gateway.ts";
import { keptPort } from "../../../tests/support/ports.ts";
import { Sandbox } from "../../../tests/support/sandbox.ts";

describe("gateway signals", () => {
  test.each(["SIGTERM", "SIGINT"] as const)(
    "[cli:stop] gateway: %s says goodbye to everybody with shutdown and 1012, and ends with 0",
    async (signal) => {
      await using sandbox = await Sandbox.create();
      await using gateway = await GatewayProcess.start(sandbox);
      await using client = newClient({
        url: gateway.url,
        token: await gateway.token(),
        scopes: OWNER,
        reconnect: false,
      });
      const events = new Diary<{ reason?: unknown; restartExpectedMs?: unknown }>();
      client.on("shutdown", ({ payload }) => events.add(payload));
      await client.connect();
      const lost = stateOf(client, "idle");
      expect(await gateway.stop(signal)).toBe(0);
      expect(events.entries).toEqual([expect.objectContaining({ reason: "gateway stopping" })]);
      expect(events.entries[0]?.restartExpectedMs ?? null).toBeNull();
      expect((await lost).error).toMatchObject({ code: "CLOSED", closeCode: 1012 });
      expect((await sandbox.list()).filter((line) => line.includes("lock"))).toEqual([]);
    },
  );

  test("[cli:restart] gateway: SIGUSR1 restarts in the same process, clients are told when and come back by themselves", async () => {
    await using sandbox = await Sandbox.create();
    const port = await keptPort();
    await using gateway = await GatewayProcess.start(sandbox, { words: ["--port", String(port)] });
    const reconnect = { minDelayMs: 20, maxDelayMs: 5_000 };
    await using client = newClient({ url: gateway.url, token: await gateway.token(), scopes: OWNER, reconnect });
    const events = new Diary<{ reason?: unknown; restartExpectedMs?: unknown }>();
    client.on("shutdown", ({ payload }) => events.add(payload));
    const before = await client.connect();
    const waiting = stateOf(client, "waiting");
    gateway.child.signal("SIGUSR1");
    const hint = await events.until(() => true);
    expect(hint).toMatchObject({ reason: "gateway restarting", restartExpectedMs: 1_500 });
    expect((await waiting).delayMs).toBeGreaterThanOrEqual(1_500);
    await gateway.listening(2);
    const { hello } = await stateOf(client, "connected");
    expect(hello.server.connId).not.toBe(before.server.connId);
    expect(await client.request("health")).toMatchObject({ ok: true });
    expect(gateway.child.ending).toBeUndefined();
    expect(new Set(gateway.lines.filter(({ msg }) => msg === "listening").map(({ pid }) => pid))).toEqual(
      new Set([gateway.pid]),
    );
    expect(await gateway.stop()).toBe(0);
  });

  test("[cli:restart] gateway: a stop during a restart stops, and further signals change nothing", async () => {
    await using sandbox = await Sandbox.create();
    const port = await keptPort();
    await using gateway = await GatewayProcess.start(sandbox, { words: ["--port", String(port)] });
    for (const signal of ["SIGUSR1", "SIGUSR1", "SIGTERM", "SIGTERM", "SIGUSR1", "SIGINT"] as const)
      gateway.child.signal(signal);
    expect(await gateway.child.ended()).toEqual({ code: 0, signal: null });
    expect((await sandbox.list()).filter((line) => line.includes("lock"))).toEqual([]);
  });

  test("[cli:restart] gateway: five restarts in a row lose neither the process nor its clients, and a changed file counts", async () => {
    await using sandbox = await Sandbox.create();
    const port = await keptPort();
    await using gateway = await GatewayProcess.start(sandbox, { words: ["--port", String(port)] });
    const token = await gateway.token();
    for (let round = 2; round <= 6; round += 1) {
      gateway.child.signal("SIGUSR1");
      await gateway.listening(round);
      expect(await gateway.run(["health", "--token", token])).toMatchObject({ exit: 0 });
    }
    await sandbox.configure({ gateway: { auth: { token: "another-secret-of-the-same-owner" } } });
    gateway.child.signal("SIGUSR1");
    await gateway.listening(7);
    expect(await gateway.run(["health", "--token", token])).toMatchObject({ exit: 0 }); // the command's device is paired
    await using stranger = newClient({ url: gateway.url, token, scopes: OWNER, reconnect: false });
    await expect(stranger.connect()).rejects.toMatchObject({ detailCode: "AUTH_TOKEN_MISMATCH" });
    expect(await gateway.stop()).toBe(0);
  });
});
