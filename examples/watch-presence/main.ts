// Who is here? A program that watches people come and go.
import assert from "node:assert/strict";
import { createDeviceIdentity, GatewayClient } from "@saltgate/client";
import { startGateway } from "../support/gateway.ts";

await using gateway = await startGateway();
const { url, token } = gateway;

await using watcher = new GatewayClient({ url, token, scopes: ["operator.read"] });
const seen: string[] = [];
const whenSeen = (what: string): Promise<void> =>
  new Promise((resolve) => {
    const stop = watcher.on("presence", () => {
      if (!seen.includes(what)) return;
      stop();
      resolve();
    });
  });
// Every presence event carries the whole list; what changed is for the program to find.
watcher.on("presence", ({ payload }) => {
  for (const { host, reason } of payload.presence) {
    const line = `${host ?? "somebody"}: ${reason ?? ""}`;
    if (seen.includes(line)) continue;
    seen.push(line);
    console.log(line);
  }
});
// A gap would mean that an event was lost. Then a program asks again: `watcher.request("system-presence")`.
watcher.onGap(({ expected, received }) => console.log(`expected event ${expected}, got ${received}`));
await watcher.connect();

const arrived = whenSeen("Mina's phone: connect");
const phone = new GatewayClient({
  url,
  token,
  identity: await createDeviceIdentity(),
  scopes: ["operator.read"],
  client: { displayName: "Mina's phone", mode: "ui" },
});
await phone.connect();
await arrived;

const left = whenSeen("Mina's phone: disconnect");
await phone.close();
await left;
assert.ok(seen.indexOf("Mina's phone: connect") < seen.indexOf("Mina's phone: disconnect"));
