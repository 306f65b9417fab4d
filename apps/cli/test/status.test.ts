import { describe, expect, test } from "vitest";
import { GatewayProcess } from "../../../tests/support/gateway.ts";
import { keptPort } from "../../../tests/support/ports.ts";
import { CANARY, Sandbox } from "../../../tests/support/sandbox.ts";

describe("status", () => {
  test("[cli:token-source] status: it says which token won, flag before environment before configuration, and which lost", async () => {
    await using sandbox = await Sandbox.create();
    const port = await keptPort();
    await sandbox.configure({ gateway: { port, auth: { token: `${CANARY}-config` } } });
    const ask = async (words: string[], env: Record<string, string> = {}): Promise<Record<string, unknown>> => {
      const answer = await sandbox.run(["status", "--json", ...words], { env: { ...sandbox.env, ...env } });
      expect(answer.exit).toBe(3);
      expect(answer.stdout).not.toContain(CANARY);
      return answer.json();
    };
    expect(await ask([])).toMatchObject({ tokenFrom: "config gateway.auth.token", conflicts: [] });
    const environment = { SALTGATE_GATEWAY_TOKEN: `${CANARY}-env` };
    expect(await ask([], environment)).toMatchObject({
      tokenFrom: "environment SALTGATE_GATEWAY_TOKEN",
      conflicts: [expect.stringContaining("config gateway.auth.token")],
    });
    expect(await ask(["--token", `${CANARY}-flag`], environment)).toMatchObject({
      tokenFrom: "flag --token",
      conflicts: [
        expect.stringContaining("environment SALTGATE_GATEWAY_TOKEN"),
        expect.stringContaining("config gateway.auth.token"),
      ],
    });
    expect(await ask([], { OPENCLAW_GATEWAY_TOKEN: `${CANARY}-config` })).toMatchObject({
      tokenFrom: "environment OPENCLAW_GATEWAY_TOKEN",
      conflicts: [],
    });
    const people = await sandbox.run(["status"], { env: { ...sandbox.env, ...environment } });
    expect(people.stdout).toMatch(/Secret\s+token from environment SALTGATE_GATEWAY_TOKEN/);
    expect(people.stdout).toMatch(/Note\s+The token of "config gateway\.auth\.token" differs/);
    expect(people.stdout).not.toContain(CANARY);
  });

  test("[cli:token-source] status: a secret of this host isn't shown to a gateway that only the command line names", async () => {
    await using sandbox = await Sandbox.create();
    await sandbox.configure({ gateway: { auth: { token: CANARY } } });
    const answer = await sandbox.run(["status", "--json", "--url", "wss://192.0.2.7:1", "--timeout", "200"]);
    expect(answer.json()).toMatchObject({ tokenFrom: null });
  });

  test("[cli:status] status: with a gateway it tells who answers, who is there and how it got in", async () => {
    await using sandbox = await Sandbox.create();
    await using gateway = await GatewayProcess.start(sandbox);
    const { exit, stdout } = await gateway.run(["status"]);
    expect(exit).toBe(0);
    expect(stdout).toMatch(/Secret\s+token from config gateway\.auth\.token/);
    expect(stdout).toMatch(/State\s+ready, version .*protocol 4/);
    expect(stdout).toMatch(/Devices\s+1 paired, 0 waiting/);
    const value = (await gateway.run(["status", "--json"])).json();
    expect(value).toMatchObject({ ok: true, protocol: 4, devices: { paired: 1, pending: 0 }, health: { ok: true } });
  });

  test("[cli:health] health: in words and as the gateway's own JSON", async () => {
    await using sandbox = await Sandbox.create();
    await using gateway = await GatewayProcess.start(sandbox);
    expect((await gateway.run(["health"])).stdout).toMatch(/^OK \(\d+ ms\)\nConnections: 1 operator, 0 nodes\n/);
    expect((await gateway.run(["health", "--json"])).json()).toMatchObject({ ok: true, phase: "ready" });
  });

  test("[cli:gateway-status] gateway status: it tells without a connection whether one runs, on which state and port", async () => {
    await using sandbox = await Sandbox.create();
    expect(await sandbox.run(["gateway", "status"])).toMatchObject({ exit: 3 });
    await using gateway = await GatewayProcess.start(sandbox);
    const running = await gateway.run(["gateway", "status", "--json"]);
    expect(running.exit).toBe(0);
    expect(running.json()).toMatchObject({ running: true, pid: gateway.pid, stateDir: sandbox.stateDir });
    await gateway.kill();
    expect((await gateway.run(["gateway", "status", "--json"])).json()).toMatchObject({ running: false, pid: null });
  });

  test("[cli:gateway-probe] gateway probe: every gateway that is known is tried at once, and one that answers is enough", async () => {
    await using sandbox = await Sandbox.create();
    const none = await sandbox.run(["gateway", "probe", "--json", "--url", "ws://127.0.0.1:1"]);
    expect(none.exit).toBe(3);
    expect(none.json()).toMatchObject({ ok: false, primary: null });
    await using gateway = await GatewayProcess.start(sandbox);
    const one = await gateway.run(["gateway", "probe", "--json"]);
    expect(one.exit).toBe(0);
    expect(one.json()).toMatchObject({ ok: true, primary: expect.stringContaining(String(gateway.port)) });
  });

  test("[cli:gateway-call] gateway call: any method, its result as JSON, its refusals as errors with their codes", async () => {
    await using sandbox = await Sandbox.create();
    await using gateway = await GatewayProcess.start(sandbox);
    expect((await gateway.run(["gateway", "call", "health", "--params", "{probe: true}"])).json()).toMatchObject({
      ok: true,
    });
    const invalid = await gateway.run(["gateway", "call", "device.pair.approve", "--json"]);
    expect(invalid.exit).toBe(1);
    expect(invalid.json()).toMatchObject({ ok: false, error: { code: "INVALID_PARAMS" } });
    const later = await gateway.run(["gateway", "call", "cron.list", "--json"]);
    expect(later.exit).toBe(1);
    expect(later.json()).toMatchObject({ ok: false, error: { code: expect.stringMatching(/^[A-Z_]+$/) } });
  });

  test("[cli:not-permitted] cli: a wrong secret and a device that waits end with 4, and say what to do", async () => {
    await using sandbox = await Sandbox.create();
    await using elsewhere = await Sandbox.create();
    await using gateway = await GatewayProcess.start(sandbox);
    const wrong = await elsewhere.run(["health", "--url", gateway.url, "--token", CANARY, "--json"]);
    expect(wrong.exit).toBe(4);
    expect(wrong.json()).toMatchObject({ error: { code: "AUTH_TOKEN_MISMATCH", mend: expect.any(String) } });
    const { startForwardingProxy } = await import("../../../tests/support/forwarding-proxy.ts");
    await using proxy = await startForwardingProxy(gateway.port);
    const there = ["--url", `ws://127.0.0.1:${proxy.port}`, "--token", await gateway.token()];
    const waiting = await elsewhere.run(["health", ...there]);
    expect(waiting.exit).toBe(4);
    const command = /saltgate (devices approve \S+)/.exec(waiting.stderr)?.[1]?.split(" ") ?? [];
    expect(await gateway.run(command)).toMatchObject({ exit: 0 });
    expect(await elsewhere.run(["health", ...there])).toMatchObject({ exit: 0 });
  });

  test("[cli:setup] setup: --yes writes a configuration that a gateway starts with, and never over one that is there", async () => {
    await using sandbox = await Sandbox.create();
    const port = await keptPort();
    const made = await sandbox.run(["setup", "--yes", "--port", String(port), "--json"]);
    expect(made.exit).toBe(0);
    expect(made.json()).toMatchObject({ ok: true, port, bind: "loopback", authMode: "token" });
    const before = await sandbox.read("saltgate.json");
    expect(made.stdout).not.toContain(/"token": "([^"]+)"/.exec(before)?.[1] ?? "no token");
    expect(await sandbox.list()).toContain("saltgate.json 600");
    const again = await sandbox.run(["setup", "--yes", "--json"]);
    expect(again.exit).toBe(1);
    expect(again.json()).toMatchObject({
      error: { code: "ALREADY_SET_UP", mend: expect.stringContaining("--overwrite") },
    });
    expect(await sandbox.read("saltgate.json")).toBe(before);
    await using gateway = await GatewayProcess.start(sandbox, { words: [] });
    expect(gateway.port).toBe(port);
    expect(await sandbox.run(["health"])).toMatchObject({ exit: 0 });
    await gateway.stop();
    expect(await sandbox.run(["setup", "--yes", "--overwrite", "--password", CANARY])).toMatchObject({ exit: 0 });
    expect(await sandbox.read("saltgate.json")).not.toBe(before);
  });
});
