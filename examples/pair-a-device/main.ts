// A laptop elsewhere wants in. It is told to wait, its owner lets it in with one command, and from then on it comes
// back with a token of its own.
import assert from "node:assert/strict";
import { createDeviceIdentity, GatewayClient, memoryTokenStore } from "@saltgate/client";
import { startGateway } from "../support/gateway.ts";

await using gateway = await startGateway();
const url = await gateway.fromElsewhere();

// A device is a key. A real program keeps it, and its tokens, in files (`@saltgate/client/node`).
const identity = await createDeviceIdentity();
const tokenStore = memoryTokenStore();
const laptop = {
  url,
  identity,
  tokenStore,
  scopes: ["operator.read"],
  client: { displayName: "Mina's laptop" },
} as const;

// The first time it needs the gateway's secret, and the patience to wait for its owner.
const first = new GatewayClient({
  ...laptop,
  token: gateway.token,
  waitForApproval: true,
  reconnect: { minDelayMs: 50, maxDelayMs: 200 },
});
const requestId = new Promise<string>((resolve) => {
  first.onState((state) => {
    if (state.status === "waiting" && state.requestId !== undefined) resolve(state.requestId);
  });
});
const connecting = first.connect({ signal: AbortSignal.timeout(30_000) });

console.log(`The laptop waits: request ${await requestId}`);
console.log((await gateway.saltgate("devices", "approve", await requestId)).trim());
await connecting;
console.log("The laptop is in.");
await first.close();

// From now on its own token is enough: no secret any more.
await using again = new GatewayClient(laptop);
const hello = await again.connect({ signal: AbortSignal.timeout(30_000) });
assert.deepEqual(hello.auth?.scopes, ["operator.read"]);
console.log("It came back with its own token, and may read.");

// What it may not do, it is told.
await assert.rejects(again.request("device.pair.list"), { detailCode: "MISSING_SCOPE" });
