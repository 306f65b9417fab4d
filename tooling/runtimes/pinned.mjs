// A pinned certificate, on the runtime that runs this: the right gateway is reached, and an impostor is told nothing.
import { ClientError, createDeviceIdentity, GatewayClient } from "@saltgate/client";

const { GATEWAY_URL, IMPOSTOR_URL, FINGERPRINT, SALTGATE_GATEWAY_TOKEN } = process.env;
const identity = await createDeviceIdentity();
const options = {
  token: SALTGATE_GATEWAY_TOKEN,
  tlsFingerprint: FINGERPRINT,
  identity,
  scopes: ["operator.read"],
  reconnect: false,
};

const client = new GatewayClient({ ...options, url: GATEWAY_URL });
const { protocol } = await client.connect({ signal: AbortSignal.timeout(20_000) });
const { ok } = await client.request("health");
await client.close();
console.log(`pinned: protocol ${protocol}, healthy: ${ok}`);

const deceived = new GatewayClient({ ...options, url: IMPOSTOR_URL });
const error = await deceived.connect({ signal: AbortSignal.timeout(20_000) }).catch((cause) => cause);
await deceived.close();
console.log(`impostor: ${error instanceof ClientError ? error.code : `reached (${error})`}`);
