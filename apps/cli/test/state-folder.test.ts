import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { GatewayProcess } from "../../../tests/support/gateway.ts";
import { keptPort } from "../../../tests/support/ports.ts";
import { INSTALLED, Sandbox } from "../../../tests/support/sandbox.ts";

describe("state folder", () => {
  test("[cli:state-dir] cli: SALTGATE_STATE_DIR moves everything; nothing is written under the home", async () => {
    await using sandbox = await Sandbox.create();
    await using gateway = await GatewayProcess.start(sandbox, { node: INSTALLED });
    for (const words of [
      ["status"],
      ["health"],
      ["devices", "list"],
      ["gateway", "status"],
      ["gateway", "call", "status"],
    ]) {
      expect(await gateway.run(words, { node: INSTALLED })).toMatchObject({ exit: 0 });
    }
    await gateway.stop();
    expect(await readdir(sandbox.home)).toEqual([]);
    const files = (await sandbox.list()).map((line) => line.replace(/ \d+$/, ""));
    for (const name of ["saltgate.json", "identity/device.json", "identity/device-auth.json", "devices/paired.json"])
      expect(files).toContain(name);
  });

  test.each(["OPENCLAW", "MOLTBOT", "CLAWDBOT"])(
    "[cli:state-dir] cli: %s_STATE_DIR is read too, ours first",
    async (brand) => {
      await using sandbox = await Sandbox.create();
      const theirs = { ...sandbox.homeEnv, [`${brand}_STATE_DIR`]: sandbox.path("theirs") };
      const answer = await sandbox.run(["gateway", "status", "--json"], { env: theirs });
      expect(answer.json()).toMatchObject({
        stateDir: sandbox.path("theirs"),
        stateDirFrom: `environment ${brand}_STATE_DIR`,
      });
      const both = { ...theirs, SALTGATE_STATE_DIR: sandbox.path("ours") };
      expect((await sandbox.run(["gateway", "status", "--json"], { env: both })).json()).toMatchObject({
        stateDir: sandbox.path("ours"),
      });
    },
  );

  test("[R-58] [cli:profiles] cli: two profiles under one home share no file, no port's state, no device and no token", async () => {
    await using sandbox = await Sandbox.create();
    const env = sandbox.homeEnv;
    const start = (profile: string): Promise<GatewayProcess> =>
      GatewayProcess.start(sandbox, { env, words: ["--port", "0", "--profile", profile] });
    await using home = await start("home");
    await using work = await start("work");
    const seen = new Map<string, { deviceId: string; token: string }>();
    for (const [profile, gateway] of [
      ["home", home],
      ["work", work],
    ] as const) {
      const answer = await gateway.run(["--profile", profile, "devices", "list", "--json"]);
      expect(answer.exit).toBe(0);
      const { paired } = answer.json<{ paired: { deviceId: string }[] }>();
      expect(paired).toHaveLength(1);
      const config = await readFile(join(sandbox.home, `.saltgate-${profile}`, "saltgate.json"), "utf8");
      seen.set(profile, { deviceId: paired[0]?.deviceId ?? "", token: /"token": "([^"]+)"/.exec(config)?.[1] ?? "" });
    }
    expect(seen.get("home")?.deviceId).not.toBe(seen.get("work")?.deviceId);
    expect(seen.get("home")?.token).not.toBe(seen.get("work")?.token);
    // The one profile's secret and device open nothing at the other.
    const crossed = await home.run([
      "--profile",
      "work",
      "health",
      "--url",
      home.url,
      "--token",
      seen.get("work")?.token ?? "",
    ]);
    expect(crossed.exit).toBe(4);
    expect((await readdir(sandbox.home)).sort()).toEqual([".saltgate-home", ".saltgate-work"]);
    const [one, other] = await Promise.all(
      ["home", "work"].map((name) => contents(join(sandbox.home, `.saltgate-${name}`))),
    );
    // Two databases without a row may be equal to the byte: each has a file of its own all the same.
    for (const [path, text] of one ?? [])
      if (text.length > 3 && !path.startsWith("/state.db"))
        expect([path, (other ?? new Map()).get(path)]).not.toEqual([path, text]);
  });

  test("[cli:dev] cli: --dev is the profile dev on port 19001, before or after the command, and not beside another profile", async () => {
    await using sandbox = await Sandbox.create();
    const env = sandbox.homeEnv;
    for (const words of [
      ["--dev", "gateway", "status", "--json"],
      ["gateway", "status", "--json", "--dev"],
    ]) {
      expect((await sandbox.run(words, { env })).json()).toMatchObject({
        stateDir: join(sandbox.home, ".saltgate-dev"),
        url: "ws://127.0.0.1:19001",
      });
    }
    expect(await sandbox.run(["--dev", "--profile", "work", "status"], { env })).toMatchObject({ exit: 2 });
    await using gateway = await GatewayProcess.start(sandbox, {
      env,
      words: ["--dev", "--port", String(await keptPort())],
    });
    expect(await readdir(sandbox.home)).toEqual([".saltgate-dev"]);
    expect(await gateway.run(["--dev", "health"])).toMatchObject({ exit: 0 });
  });
});

/** Every file below a folder with its text, without logs. */
async function contents(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.name.endsWith(".log"));
  return new Map(
    await Promise.all(
      files.map(async (entry): Promise<[string, string]> => {
        const path = join(entry.parentPath, entry.name);
        return [path.slice(folder.length), await readFile(path, "utf8")];
      }),
    ),
  );
}
