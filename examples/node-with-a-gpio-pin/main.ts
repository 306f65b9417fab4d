// A Raspberry Pi with a lamp on a pin: its node gets a command of its own, and an operator switches the lamp.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDeviceIdentity, GatewayClient } from "@saltgate/client";
import { defineCommand, NodeCommandError, NodeHost } from "@saltgate/node-host";
import { z } from "zod";
import { startGateway } from "../support/gateway.ts";

// On a real Pi this is /sys/class/gpio; here a folder that looks like it, with pin 17 made ready.
const pins = await mkdtemp(join(tmpdir(), "saltgate-gpio-"));
await mkdir(join(pins, "gpio17"));
await writeFile(join(pins, "gpio17", "value"), "0\n");

// The whole command. Its schema refuses nonsense before `run` is called; a repeat of an invocation is not run again.
const gpioWrite = defineCommand({
  name: "gpio.write",
  cap: "gpio",
  describe: "Switches an output pin.",
  params: () => z.object({ pin: z.int().min(0).max(53), value: z.union([z.literal(0), z.literal(1)]) }),
  async run({ pin, value }) {
    try {
      await writeFile(join(pins, `gpio${pin}`, "value"), `${value}\n`, { flag: "r+" });
    } catch {
      throw new NodeCommandError("UNAVAILABLE", `GPIO_NOT_READY: pin ${pin} is not made ready on this machine`);
    }
    return { pin, value };
  },
});

// A gateway asks its nodes only for what its owner allows by name.
await using gateway = await startGateway({ nodes: { allowCommands: ["gpio.write"] } });
const { url, token } = gateway;
const lamp = () => readFile(join(pins, "gpio17", "value"), "utf8");

await using node = new NodeHost({
  url,
  token,
  identity: await createDeviceIdentity(),
  version: "1.0.0",
  displayName: "Pi in the hall",
  commands: [gpioWrite],
});
await node.connect({ signal: AbortSignal.timeout(30_000) });

await using operator = new GatewayClient({
  url,
  token,
  identity: await createDeviceIdentity(),
  scopes: ["operator.admin"],
});
await operator.connect({ signal: AbortSignal.timeout(30_000) });
const nodeId = node.nodeId;
const write = (params: object, idempotencyKey: string) =>
  operator.request("node.invoke", { nodeId, command: "gpio.write", params, idempotencyKey });

const { payload } = await write({ pin: 17, value: 1 }, "lamp-on");
assert.deepEqual(payload, { pin: 17, value: 1 });
assert.equal(await lamp(), "1\n");
console.log("The lamp is on.");

// What makes no sense, and a pin that isn't there, are refused by the node, by name.
await assert.rejects(write({ pin: 17, value: "bright" }, "a"), /gpio\.write: value/);
await assert.rejects(write({ pin: 4, value: 1 }, "b"), /GPIO_NOT_READY: pin 4/);
// And what the node never offered, the gateway doesn't even ask it for.
await assert.rejects(operator.request("node.invoke", { nodeId, command: "system.run", idempotencyKey: "c" }), {
  code: "INVALID_REQUEST",
});
console.log("Nonsense was refused, and the lamp is still on.");
assert.equal(await lamp(), "1\n");
await rm(pins, { recursive: true });
