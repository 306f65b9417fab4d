import { METHODS, type MethodDescription } from "@saltgate/protocol";
import { describe, expect, test } from "vitest";
import { newDevice, startWorld, TOKEN, type Wire } from "./support/world.ts";

const remote = { "x-forwarded-for": "203.0.113.9" };
const SCOPE_SETS = [
  [],
  ["operator.read"],
  ["operator.write"],
  ["operator.pairing"],
  ["operator.approvals"],
  ["operator.admin", "operator.pairing"],
];

describe("secrets", () => {
  test("[R-19] secrets: no method at any scope, no event, error or log line carries the shared secret, a device token or its digest", async () => {
    const lines: string[] = [];
    const log = (fields: unknown, message: string) =>
      lines.push(
        `${JSON.stringify(fields, (_key, value) => (value instanceof Error ? [value.message, value.stack] : value))} ${message}`,
      );
    await using world = await startWorld({ logger: { debug: log, info: log, warn: log, error: log } });
    const device = await newDevice();
    const hello = await world.dial().connect({ device, scopes: ["operator.admin", "operator.pairing"] });
    const { deviceToken } = (hello.payload as { auth: { deviceToken: string } }).auth;
    await world
      .dial(remote)
      .connect({ device: await newDevice(), scopes: ["operator.read"], auth: { token: "wrong-canary-wrong-canary" } });
    const [requestId] = [...(await world.pendingIds()), "none"];
    const params = {
      deviceId: device.deviceId,
      requestId,
      role: "operator",
      displayName: "x",
      text: "hello",
      scopes: ["operator.read"],
      key: "main",
      sessionKey: "main",
      id: "x",
    };
    const wires: Wire[] = [];
    for (const scopes of SCOPE_SETS) {
      const wire = world.dial();
      wires.push(wire);
      await wire.connect({ scopes });
      for (const method of [...Object.keys(METHODS), "no.such.method", "connect"]) {
        await wire.request(method, {});
        await wire.request(method, params);
      }
    }
    const digests = (await world.pairing.list()).paired.map((row) => JSON.stringify(row)).join("");
    const said = [...wires.flatMap((wire) => wire.texts), ...lines, digests].join("\n");
    for (const canary of [TOKEN, deviceToken, "wrong-canary", "sha256:"])
      expect(said.includes(canary), canary.slice(0, 8)).toBe(false);
    expect(said.length).toBeGreaterThan(10_000);
  });

  test("[R-19] secrets: below admin, hello-ok names no path of the gateway's disk, and below read nobody who is there", async () => {
    await using world = await startWorld();
    for (const [scopes, paths, presence] of [
      [["operator.admin"], true, true],
      [["operator.read"], false, true],
      [["operator.pairing"], false, false],
    ] as const) {
      const { payload } = await world.dial().connect({ scopes });
      const { snapshot } = payload as { snapshot: { configPath?: string; stateDir?: string; presence: unknown[] } };
      expect([
        snapshot.configPath !== undefined,
        snapshot.stateDir !== undefined,
        snapshot.presence.length > 0,
      ]).toEqual([paths, paths, presence]);
    }
  });

  test("[R-49] secrets: what a client calls itself is logged without line breaks and control characters, and cut", async () => {
    const lines: unknown[] = [];
    const log = (fields: unknown) => lines.push(fields);
    await using world = await startWorld({ logger: { debug: log, info: log, warn: log, error: log } });
    const id = `x\n{"level":"info","msg":"forged"}\u001b[2J`;
    await world.dial().connect({ client: { id }, auth: { token: "wrong" } });
    await world.dial({ origin: `https://evil.example/${"y".repeat(10_000)}` }).refused();
    const text = JSON.stringify(lines);
    expect(text).toContain("forged");
    expect(text).not.toMatch(/\\n|\\u001b/);
    expect(text).not.toContain("y".repeat(301));
  });

  test("[gateway:descriptions] secrets: every method that changes who may do what is recorded", () => {
    const privileged = Object.entries(METHODS as Record<string, MethodDescription>)
      .filter(([, method]) => method.privileged === true)
      .map(([name]) => name);
    expect(privileged).toEqual(
      expect.arrayContaining([
        "device.pair.approve",
        "device.pair.reject",
        "device.pair.remove",
        "device.token.rotate",
        "device.token.revoke",
      ]),
    );
  });
});
