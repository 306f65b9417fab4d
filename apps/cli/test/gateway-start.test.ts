import { connect, createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { GatewayProcess } from "../../../tests/support/gateway.ts";
import { keptPort } from "../../../tests/support/ports.ts";
import { CANARY, Sandbox } from "../../../tests/support/sandbox.ts";

/** Whether something listens on a port of an address of this machine. */
function isOpen(port: number, host = "127.0.0.1"): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

describe("gateway start", () => {
  test("[cli:first-start] gateway: a first start writes a configuration with a fresh secret, 0600 in 0700, says so, and answers", async () => {
    await using sandbox = await Sandbox.create();
    await using gateway = await GatewayProcess.start(sandbox);
    const files = await sandbox.list();
    expect(files).toContain("saltgate.json 600");
    for (const line of files) expect(line).toMatch(/(?:\/ 700|[^/] 600)$/);
    expect((await gateway.token()).length).toBeGreaterThanOrEqual(43);
    expect(gateway.child.stderr).toContain("This is its first start");
    expect(gateway.child.stderr).toContain(sandbox.path("saltgate.json"));
    expect(gateway.child.stderr).not.toContain(await gateway.token());
    expect(await gateway.run(["health"])).toMatchObject({ exit: 0 });
    expect(await gateway.stop()).toBe(0);
  });

  test("[cli:first-start] gateway: a second start leaves the configuration as it is, and two first starts choose different secrets", async () => {
    await using sandbox = await Sandbox.create();
    await using other = await Sandbox.create();
    const first = await GatewayProcess.start(sandbox);
    const before = await sandbox.read("saltgate.json");
    await first.stop();
    await using second = await GatewayProcess.start(sandbox);
    expect(await sandbox.read("saltgate.json")).toBe(before);
    expect(second.child.stderr).not.toContain("first start");
    await using elsewhere = await GatewayProcess.start(other);
    expect(await elsewhere.token()).not.toBe(await second.token());
  });

  test("[cli:first-start] gateway: a secret in the environment stays the one that opens it, and isn't copied into the file", async () => {
    await using sandbox = await Sandbox.create();
    const env = { ...sandbox.env, SALTGATE_GATEWAY_TOKEN: CANARY };
    await using gateway = await GatewayProcess.start(sandbox, { env });
    expect(await sandbox.read("saltgate.json")).not.toContain(CANARY);
    expect(await gateway.run(["health"])).toMatchObject({ exit: 0 });
    await gateway.stop();
    await using again = await GatewayProcess.start(sandbox, { env });
    expect(await again.run(["health"])).toMatchObject({ exit: 0 });
  });

  test("[cli:first-start] gateway: who chooses another port for a first run is told how commands find it", async () => {
    await using sandbox = await Sandbox.create();
    await using gateway = await GatewayProcess.start(sandbox);
    const words = /saltgate (status --url \S+)/.exec(gateway.child.stderr)?.[1]?.split(" ") ?? [];
    expect(await sandbox.run(words)).toMatchObject({ exit: 0 });
  });

  test("[cli:allow-unconfigured] gateway: --allow-unconfigured starts without a configuration and writes none", async () => {
    await using sandbox = await Sandbox.create();
    const words = ["--port", "0", "--allow-unconfigured"];
    await using gateway = await GatewayProcess.start(sandbox, { words });
    expect((await sandbox.list()).filter((line) => line.includes("saltgate.json"))).toEqual([]);
    expect(gateway.child.stderr).toContain("only devices that are paired already can connect");
    await gateway.stop();
    await using withToken = await GatewayProcess.start(sandbox, { words: [...words, "--token", CANARY] });
    expect(await withToken.run(["health", "--token", CANARY])).toMatchObject({ exit: 0 });
    expect((await sandbox.list()).filter((line) => line.includes("saltgate.json"))).toEqual([]);
  });

  test("[cli:gateway-flags] gateway: token, password, auth mode and JSON lines as the flags say", async () => {
    await using sandbox = await Sandbox.create();
    await using gateway = await GatewayProcess.start(sandbox, {
      words: ["--port", "0", "--auth", "password", "--password", CANARY, "--json", "--verbose"],
    });
    expect(await gateway.run(["health", "--password", "wrong"])).toMatchObject({ exit: 4 });
    expect(await gateway.run(["health", "--password", CANARY])).toMatchObject({ exit: 0 });
    expect(gateway.lines.some(({ level }) => level === "debug")).toBe(true);
    expect(gateway.child.stdout + gateway.child.stderr).not.toContain(CANARY);
  });

  test.each([
    [["--prot", "1"], "--prot"],
    [["--port"], "--port"],
    [["--port", "http"], "1 to 65535"],
    [["--port", "65536"], "1 to 65535"],
    [["--bind", "everywhere"], "--bind must be one of"],
    [["--auth", "none"], "--auth must be one of"],
    [["start-now"], "start-now"],
    [["--profile", "a/b"], "--profile"],
  ])("[cli:gateway-flags] gateway: %j is a usage error: 2, and nothing was written or bound", async (words, told) => {
    await using sandbox = await Sandbox.create();
    const { exit, stderr, stdout } = await sandbox.run(["gateway", ...words]);
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: "" });
    expect(stderr).toContain(told);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect((await sandbox.list()).filter((line) => line.includes("saltgate.json "))).toEqual([]);
  });

  test("[cli:missing-secret] [R-08] gateway: a configuration without a secret doesn't start: 78, and the command that mends it", async () => {
    await using sandbox = await Sandbox.create();
    await sandbox.configure({ gateway: { auth: { mode: "token" } } });
    const { exit, stderr } = await sandbox.run(["gateway", "--port", "0"]);
    expect(exit).toBe(78);
    expect(stderr).toContain("no token is set");
    expect(stderr).toContain("saltgate setup");
  });

  test("[cli:bind] [R-08] gateway: beyond this machine only with a secret of its own, and then it really listens there", async () => {
    await using sandbox = await Sandbox.create();
    const words = ["--port", "0", "--bind", "lan", "--allow-unconfigured"];
    const refused = await sandbox.run(["gateway", ...words]);
    expect(refused.exit).toBe(78);
    expect(refused.stderr).toContain("refusing to listen beyond this machine");
    await using gateway = await GatewayProcess.start(sandbox, { words: [...words, "--token", CANARY] });
    const [listening] = gateway.lines.filter(({ msg }) => msg === "listening");
    expect(listening?.["urls"]).toContain(`ws://0.0.0.0:${gateway.port}`);
  });

  test("[cli:bind] [R-08] gateway: --bind tailnet without a tailnet ends with 78 and no listener", async () => {
    await using sandbox = await Sandbox.create();
    const port = await keptPort();
    const { exit, stderr } = await sandbox.run([
      "gateway",
      "--bind",
      "tailnet",
      "--port",
      String(port),
      "--token",
      CANARY,
    ]);
    expect(exit).toBe(78);
    expect(stderr).toContain("no tailnet address");
    expect(await isOpen(port)).toBe(false);
  });

  test("[cli:bind] [R-08] gateway: an address that isn't this machine's ends with 78, also on a port that is free everywhere else", async () => {
    await using sandbox = await Sandbox.create();
    const port = await keptPort();
    await sandbox.configure({ gateway: { bind: "custom", customBindHost: "192.0.2.77", auth: { token: CANARY } } });
    const { exit, stderr } = await sandbox.run(["gateway", "--port", String(port)]);
    expect(exit).toBe(78);
    expect(stderr).toContain("192.0.2.77");
    expect(await isOpen(port)).toBe(false);
  });

  test("[cli:port-taken] gateway: a port that another program holds ends with 78 and names it", async () => {
    await using sandbox = await Sandbox.create();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address ? address.port : 0;
    try {
      const { exit, stderr } = await sandbox.run(["gateway", "--port", String(port)]);
      expect(exit).toBe(78);
      expect(stderr).toContain(String(port));
      expect(stderr).toContain("choose another port");
    } finally {
      server.close();
    }
  });

  test("[cli:one-gateway] gateway: a second one on the same state ends with 78, names the process, and leaves the first alone", async () => {
    await using sandbox = await Sandbox.create();
    await using first = await GatewayProcess.start(sandbox);
    const { exit, stderr } = await sandbox.run(["gateway", "--port", "0"]);
    expect(exit).toBe(78);
    expect(stderr).toContain(`process ${first.pid}`);
    expect(stderr).toContain("--force");
    expect(await first.run(["health"])).toMatchObject({ exit: 0 });
  });

  test("[cli:force] gateway: --force ends the one that holds the state, in order, and takes its place", async () => {
    await using sandbox = await Sandbox.create();
    const port = await keptPort();
    await using first = await GatewayProcess.start(sandbox, { words: ["--port", String(port)] });
    await using second = await GatewayProcess.start(sandbox, { words: ["--port", String(port), "--force"] });
    expect(await first.child.ended()).toEqual({ code: 0, signal: null });
    expect(await second.run(["health"])).toMatchObject({ exit: 0 });
  });

  test("[cli:crash] gateway: the lock of one that was killed doesn't keep the next from starting", async () => {
    await using sandbox = await Sandbox.create();
    const first = await GatewayProcess.start(sandbox);
    await first.kill();
    expect(await sandbox.list()).toContain("gateway.lock 600");
    await using second = await GatewayProcess.start(sandbox);
    expect(await second.run(["gateway", "status"])).toMatchObject({ exit: 0 });
  });

  test("[R-47] gateway: a secret that webhooks use too is refused, wherever it comes from, and isn't repeated", async () => {
    await using sandbox = await Sandbox.create();
    await sandbox.configure({ hooks: { token: CANARY } });
    const byFlag = await sandbox.run(["gateway", "--port", "0", "--token", CANARY]);
    const byEnvironment = await sandbox.run(["gateway", "--port", "0"], {
      env: { ...sandbox.env, SALTGATE_GATEWAY_TOKEN: CANARY },
    });
    for (const { exit, stderr, stdout } of [byFlag, byEnvironment]) {
      expect(exit).toBe(78);
      expect(stderr).toContain("hooks.token");
      expect(stdout + stderr).not.toContain(CANARY);
    }
    await using broken = await Sandbox.create();
    await broken.configure({ gateway: { auth: { token: CANARY } }, hooks: { token: CANARY } });
    await using degraded = await GatewayProcess.start(broken);
    expect(degraded.child.stdout).toContain("hooks.token");
    expect(degraded.child.stdout).not.toContain(CANARY);
    expect(await degraded.run(["health", "--token", CANARY])).toMatchObject({ exit: 4 });
  });
});
