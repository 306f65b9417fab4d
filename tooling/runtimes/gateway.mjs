// A real gateway for the runtimes to connect to: `node --conditions=@saltgate/source gateway.mjs <folder> <origin>`.
// Prints its ports and its certificate's fingerprint when it listens: one in plain text, one with TLS, and one where
// an impostor shows another certificate. A line "approve" on its input lets in whoever waits, as the owner would; a
// line "impostor" prints what the impostor was told. Ends with its input, so that it never outlives the script that started it.
import { hostname } from "node:os";
import { createInterface } from "node:readline";
import { createServer } from "node:tls";
import { createInProcessBus } from "@saltgate/bus";
import {
  defaultGatewayAuth,
  defaultGatewayLimits,
  openGatewayState,
  silentLogger,
  startGateway,
  systemClock,
} from "@saltgate/gateway";
import { certificateFingerprint, createSelfSignedCertificate } from "@saltgate/gateway/service";
import { nativeEngine } from "@saltgate/identity/node";
import { FileStore } from "@saltgate/store";

const [directory, allowedOrigin] = process.argv.slice(2);
const token = process.env.SALTGATE_GATEWAY_TOKEN;
const store = new FileStore({ directory });
const bus = createInProcessBus();
const state = await openGatewayState({ store, bus, approvalsFile: `${directory}/exec-approvals.json` });
const { pairing, invites, nodes, approvals, conversation } = state;
const listening = (tls) =>
  startGateway({
    listen: { port: 0, required: ["127.0.0.1"], optional: [], tls },
    auth: { ...defaultGatewayAuth({ mode: "token", token }), allowedOrigins: [allowedOrigin] },
    limits: defaultGatewayLimits,
    machine: {
      hostName: hostname(),
      ownAddresses: () => ["127.0.0.1"],
      presence: () => ({ host: hostname(), mode: "gateway", reason: "self", text: "Gateway", ts: Date.now() }),
    },
    pairing,
    invites,
    nodes,
    approvals,
    conversation,
    bus,
    engine: nativeEngine,
    clock: systemClock,
    logger: silentLogger,
    newId: () => crypto.randomUUID(),
    version: "0.0.0",
    paths: { configPath: `${directory}/saltgate.json`, stateDir: directory },
  });

const certificate = () =>
  createSelfSignedCertificate(
    { commonName: "saltgate-gateway", dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"] },
    Date.now(),
  );
const own = certificate();
const gateways = [await listening(undefined), await listening(own)];
let told = "";
const impostor = createServer(certificate(), (socket) => {
  socket.on("error", () => {}); // whoever recognises it hangs up
  socket.on("data", (bytes) => {
    told += bytes;
  });
});
await new Promise((resolve) => impostor.listen(0, "127.0.0.1", resolve));
const [port, tlsPort] = gateways.map((gateway) => gateway.port);
const fingerprint = certificateFingerprint(own.cert);
console.log(JSON.stringify({ port, tlsPort, impostorPort: impostor.address().port, fingerprint }));

for await (const line of createInterface({ input: process.stdin })) {
  if (line === "impostor") console.log(JSON.stringify({ told }));
  if (line !== "approve") continue;
  for (const { requestId } of (await pairing.list()).pending) {
    await pairing.approve({ requestId, caller: { deviceId: undefined, scopes: ["operator.admin"] } });
  }
}
impostor.close();
for (const gateway of gateways) await gateway.stop({ drainTimeoutMs: 0 });
await state.close();
await bus.close();
await store.close();
