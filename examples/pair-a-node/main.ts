// A new machine becomes a node with one pasted line, and a program of its owner has it do something.
import assert from "node:assert/strict";
import { createDeviceIdentity, GatewayClient } from "@saltgate/client";
import { startGateway } from "../support/gateway.ts";
import { newMachine } from "../support/machine.ts";

await using gateway = await startGateway();

// The owner makes an invitation: good once, for ten minutes. The line goes to the new machine, by whatever way.
const invitation = JSON.parse(await gateway.saltgate("nodes", "invite", "--json")) as { setupCode: string };

// The new machine. Without these rules of its own nothing would run on it, whoever asks.
await using pi = await newMachine({ version: 1, defaults: { security: "full", ask: "off" } });
console.log((await pi.saltgate("node", "join", invitation.setupCode, "--display-name", "pi")).trim());
await pi.startNode();

// Whoever finds the line later can't use it any more.
await using thief = await newMachine();
await assert.rejects(thief.saltgate("node", "join", invitation.setupCode), /ended with 4/);
console.log("The invitation is used up.");

await using owner = new GatewayClient({
  url: gateway.url,
  token: gateway.token,
  identity: await createDeviceIdentity(),
  scopes: ["operator.read", "operator.write"],
});
await owner.connect({ signal: AbortSignal.timeout(30_000) });
const { nodes } = await owner.request("node.list", {});
const node = nodes.find(({ displayName }) => displayName === "pi");
assert.ok(node?.connected);
console.log(`${node.displayName} may be asked for: ${node.commands.join(", ")}`);

// A command that only looks, and one that runs a program. The key makes a repeat get the same answer.
const { nodeId } = node;
const which = { nodeId, command: "system.which", params: { bins: ["sh", "no-such-program"] }, idempotencyKey: "which" };
const { payload: found } = await owner.request("node.invoke", which);
assert.deepEqual(Object.keys((found as { bins: object }).bins), ["sh"]);

const greet = { nodeId, command: "system.run", params: { command: ["echo", "hello"] }, idempotencyKey: "greet" };
const { payload: first } = await owner.request("node.invoke", greet);
assert.equal((first as { stdout: string }).stdout, "hello\n");
const { payload: again } = await owner.request("node.invoke", greet);
assert.deepEqual(again, first);
console.log("It said hello, once.");

// A camera is nothing that the list for this platform holds.
await assert.rejects(owner.request("node.invoke", { nodeId, command: "camera.snap", idempotencyKey: "snap" }), {
  detailCode: "COMMAND_NOT_ALLOWED",
});
