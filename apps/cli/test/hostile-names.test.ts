import { describe, expect, test } from "vitest";
import { newClient, newDevice, stateOf } from "../../../tests/support/device.ts";
import { startForwardingProxy } from "../../../tests/support/forwarding-proxy.ts";
import { GatewayProcess } from "../../../tests/support/gateway.ts";
import { Sandbox } from "../../../tests/support/sandbox.ts";

/** Names that would do something to whoever shows them as they are. */
const HOSTILE: readonly (readonly [string, string])[] = [
  ["clears the screen", "a\u001b[2J\u001b[Hb"],
  ["sets the title of the window", "a\u001b]0;owned\u0007b"],
  ["uses the one-byte form of an escape", "a\u009b31mb"],
  ["runs from right to left", "a\u202egpj.exe"],
  ["isolates its direction", "a\u2067b"],
  ["forges a line of its own", "phone\nPaired (1)\nDevice  Name"],
  ["overwrites its line", "phone\r\u001b[KApproved"],
  ["hides in zero width", "pho\u200bne\ufeff"],
  ["separates lines and paragraphs", "a\u2028b\u2029c"],
  ["ends the string for C", "phone\u0000x"],
];

/** What a terminal would obey. */
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u;

describe("hostile names", () => {
  test.each(HOSTILE)(
    "[cli:hostile-names] [R-49] cli: a device whose name %s changes nothing but its own cell",
    async (_what, name) => {
      await using sandbox = await Sandbox.create();
      await using gateway = await GatewayProcess.start(sandbox);
      await using proxy = await startForwardingProxy(gateway.port);
      const identity = await newDevice();
      await using client = newClient({
        url: `ws://127.0.0.1:${proxy.port}`,
        token: await gateway.token(),
        identity,
        client: { displayName: name, platform: name, version: name },
        scopes: ["operator.read", "operator.pairing"],
        reconnect: false,
      });
      await client.connect().catch(() => undefined);
      const { requestId = "" } = await stateOf(client, "paused");
      const outputs: string[] = [];
      const run = async (...words: string[]): Promise<string> => {
        const { stdout, stderr } = await gateway.run(words);
        outputs.push(stdout, stderr);
        return stdout;
      };
      const waiting = await run("devices", "list");
      // The table keeps its lines: a heading, its column names, one row.
      expect(waiting.split("\n\n")[0]?.split("\n")).toHaveLength(3);
      await run("devices", "list", "--json");
      await run("devices", "approve", requestId);
      client.resume();
      await stateOf(client, "connected");
      await run("status");
      expect(JSON.parse(await run("status", "--json"))).toMatchObject({
        presence: expect.arrayContaining([expect.objectContaining({ deviceId: expect.any(String) })]),
      });
      const { deviceId } = identity;
      await run("gateway", "call", "device.pair.list");
      await run("devices", "rotate", deviceId);
      // An owner's own choice is kept as it is, and shown as safely. No argument of a command can hold a NUL.
      const own = name.replaceAll("\u0000", "");
      await run("devices", "rename", deviceId, own);
      const listed = JSON.parse(await run("devices", "list", "--json"));
      expect(listed.paired.find((row: { deviceId: string }) => row.deviceId === deviceId)?.displayName).toBe(
        own.trim(),
      );
      await run("devices", "list");
      await run("devices", "rename", "no such device", "x");
      await run("devices", "revoke", deviceId);
      await run("devices", "remove", deviceId);
      for (const output of outputs) expect(output).not.toMatch(OBEYED);
      for (const line of gateway.child.stdout.split("\n")) expect(line).not.toMatch(OBEYED);
    },
  );

  test("[cli:hostile-names] cli: words of the command line come back safe to show in its errors", async () => {
    await using sandbox = await Sandbox.create();
    for (const words of [
      ["\u001b[31mx"],
      ["devices", "approve", "\u202ex", "--url", "ws://127.0.0.1:1"],
      ["gateway", "call", "\u001b]0;x\u0007"],
      ["gateway", "\u001b[31mx"],
      ["gateway", "--bind", "\u001b[31mx"],
    ]) {
      const { stdout, stderr } = await sandbox.run(words);
      expect(stdout + stderr).not.toMatch(OBEYED);
    }
  });
});
