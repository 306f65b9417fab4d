import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { GatewayProcess } from "../../../tests/support/gateway.ts";
import { keptPort } from "../../../tests/support/ports.ts";
import { CANARY, Sandbox } from "../../../tests/support/sandbox.ts";

/** The canary in the spellings in which it could get out. */
const SPELLINGS = [
  CANARY,
  Buffer.from(CANARY).toString("base64"),
  Buffer.from(CANARY).toString("base64url"),
  encodeURIComponent(CANARY),
];

function expectSilence(...texts: string[]): void {
  for (const text of texts) for (const spelling of SPELLINGS) expect(text).not.toContain(spelling);
}

/** Commands of every kind, those that fail included. */
const COMMANDS: readonly (readonly string[])[] = [
  ["status"],
  ["health"],
  ["gateway", "status"],
  ["gateway", "probe"],
  ["gateway", "call", "status"],
  ["gateway", "call", "system-presence"],
  ["gateway", "call", "device.pair.list"],
  ["gateway", "call", "config.get"],
  ["devices", "list"],
  ["devices", "approve", "nothing"],
  ["devices", "remove", "nobody"],
  ["setup", "--yes"],
  ["--help"],
  ["completion", "bash"],
];

describe("secrets", () => {
  test.each([
    ["the configuration", { config: true }],
    ["the environment", { env: true }],
    ["a flag", { flag: true }],
  ] as const)(
    "[cli:no-secrets] [R-19] cli: a token from %s shows up in no output of any command and in no log",
    async (_where, { config, env, flag }: { config?: true; env?: true; flag?: true }) => {
      await using sandbox = await Sandbox.create();
      await sandbox.configure({ gateway: { auth: config ? { token: CANARY } : {} }, logging: { level: "trace" } });
      const environment = { ...sandbox.env, ...(env && { SALTGATE_GATEWAY_TOKEN: CANARY }) };
      const words = flag ? ["--token", CANARY] : [];
      await using gateway = await GatewayProcess.start(sandbox, {
        env: environment,
        words: ["--port", "0", "--verbose", ...words],
      });
      for (const command of COMMANDS) {
        for (const json of [[], ["--json"]]) {
          const { stdout, stderr } = await gateway.run([...command, ...json, ...words]);
          expectSilence(stdout, stderr);
        }
      }
      // The same in a URL, where it has no business and is refused.
      const refused = await gateway.run(["health", "--url", `ws://127.0.0.1:${gateway.port}/?token=${CANARY}`]);
      expect(refused.exit).toBe(2);
      expectSilence(refused.stdout, refused.stderr);
      const credentials = await gateway.run(["health", "--url", `ws://me:${CANARY}@127.0.0.1:${gateway.port}`]);
      expect(credentials.exit).toBe(2);
      expectSilence(credentials.stdout, credentials.stderr);
      const overHttp = await fetch(`http://127.0.0.1:${gateway.port}/hooks/wake?token=${CANARY}`);
      expect(overHttp.status).toBe(400);
      expectSilence(await overHttp.text());
      const metrics = await fetch(`http://127.0.0.1:${gateway.port}/metrics`, {
        headers: { authorization: `Bearer ${CANARY}` },
      });
      expect(metrics.status).toBe(200);
      expectSilence(await metrics.text());
      await gateway.stop();
      expectSilence(gateway.child.stdout, gateway.child.stderr);
      for (const line of await sandbox.list(sandbox.path("logs"))) {
        expectSilence(await readFile(join(sandbox.path("logs"), line.replace(/ \d+$/, "")), "utf8"));
      }
    },
  );

  test("[R-48] gateway: a secret in the query is 400 and never logged", async () => {
    await using sandbox = await Sandbox.create();
    await using gateway = await GatewayProcess.start(sandbox, { words: ["--port", "0", "--verbose"] });
    const token = await gateway.token();
    for (const path of ["/", "/metrics", "/hooks/agent", "/a/b"]) {
      const answer = await fetch(`http://127.0.0.1:${gateway.port}${path}?token=${token}`);
      expect(answer.status).toBe(400);
      expect(await answer.text()).not.toContain(token);
    }
    await gateway.stop();
    expect(gateway.child.stdout + gateway.child.stderr).not.toContain(token);
  });

  test("[cli:no-secrets] cli: a gateway that doesn't start repeats no secret", async () => {
    await using sandbox = await Sandbox.create();
    const port = await keptPort();
    await sandbox.write(
      "saltgate.json",
      `{ gateway: { auth: { token: "${CANARY}", tokn: "${CANARY}" }, bind: "everywhere" } }`,
    );
    await using degraded = await GatewayProcess.start(sandbox);
    expectSilence(degraded.child.stdout, degraded.child.stderr);
    const status = await degraded.run(["gateway", "status"]);
    expectSilence(status.stdout, status.stderr);
    for (const words of [
      ["--bind", "tailnet", "--token", CANARY],
      ["--port", String(port), "--tokn", CANARY],
      ["--auth", "password", "--token", CANARY, "--port", "none"],
    ]) {
      const { exit, stdout, stderr } = await sandbox.run(["gateway", ...words]);
      expect(exit).not.toBe(0);
      expectSilence(stdout, stderr);
    }
  });
});
