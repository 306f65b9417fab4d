// The smallest useful program: connect, ask, and say in words what went wrong.
import assert from "node:assert/strict";
import { ClientError, GatewayClient, GatewayError } from "@saltgate/client";
import { startGateway } from "../support/gateway.ts";

await using gateway = await startGateway();

// On the gateway's own machine a program that knows the secret needs no device. It gets the scopes that it names.
await using client = new GatewayClient({ url: gateway.url, token: gateway.token, scopes: ["operator.read"] });
const hello = await client.connect({ signal: AbortSignal.timeout(10_000) });
console.log(`Connected, protocol ${hello.protocol}. It serves ${hello.features.methods.length} methods.`);

// Methods and their results are typed: an editor completes both.
const health = await client.request("health", { probe: true }, { timeoutMs: 5_000 });
console.log(`Healthy: ${health.ok}, ${health.connections?.operators} connected`);
assert.equal(health.ok, true);

// What the gateway refuses is a GatewayError: its code is for programs, its message for people.
try {
  await client.request("system-event", { text: "hello" });
  assert.fail("a reader may not do that");
} catch (error) {
  assert.ok(error instanceof GatewayError);
  assert.equal(error.detailCode, "MISSING_SCOPE");
  console.log(`Refused: ${error.message}`);
}

// What goes wrong on this side is a ClientError.
const lost = new GatewayClient({ url: "ws://127.0.0.1:1", token: "x", reconnect: false });
try {
  await lost.connect();
  assert.fail("nobody listens there");
} catch (error) {
  assert.ok(error instanceof ClientError);
  assert.equal(error.code, "UNREACHABLE");
  console.log(`Not there: ${error.message}`);
} finally {
  await lost.close();
}
