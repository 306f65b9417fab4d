// A device on another machine, as a program of its own: `laptop.ts <url> [shared token]`. Tells what happens to it, one
// line each, and ends once it is in. Its key and its token live in the folder LAPTOP_STATE.
import { join } from "node:path";
import { GatewayClient } from "@saltgate/client";
import { fileTokenStore } from "@saltgate/client/node";
import { loadOrCreateDeviceIdentity } from "@saltgate/identity/node";

const [url = "", token] = process.argv.slice(2);
const state = process.env["LAPTOP_STATE"] ?? "";

await using client = new GatewayClient({
  url,
  token,
  identity: await loadOrCreateDeviceIdentity(join(state, "device.json")),
  tokenStore: fileTokenStore(join(state, "tokens.json")),
  client: { displayName: "laptop" },
  scopes: ["operator.read"],
  waitForApproval: true,
  reconnect: { minDelayMs: 50, maxDelayMs: 200 },
});
client.onState((now) => {
  if (now.status === "waiting" && now.requestId !== undefined) console.log(`waiting ${now.requestId}`);
});
const { auth } = await client.connect();
await client.request("health");
console.log(`connected ${auth?.role} ${auth?.scopes?.join(",")}`);
