// The published reference client as a process of its own, so that it can stand on another side of the network. It is
// told what to do in JSON lines, and tells what it sees in JSON lines.
import { createPublicKey, sign } from "node:crypto";
import { createInterface } from "node:readline";
import { type DeviceAuthTokenRecord, GatewayClient, GatewayClientRequestError } from "@openclaw/gateway-client";
import type { ReferenceClientSetup, ReferenceSighting } from "./reference-client.ts";

// Whoever started this may be gone before the last word.
process.stdout.on("error", () => process.exit(0));

function tell(sighting: ReferenceSighting): void {
  process.stdout.write(`${JSON.stringify(sighting)}\n`);
}

function start(setup: ReferenceClientSetup): GatewayClient {
  const { url, token, device, storedToken, scopes, role, clientName, mode, minProtocol, maxProtocol } = setup;
  const { displayName, platform, deviceFamily, caps, commands, permissions, pathEnv } = setup;
  let stored: DeviceAuthTokenRecord | null = storedToken ?? null;
  const client = new GatewayClient({
    url,
    ...(token !== undefined && { token }),
    ...(role && { role }),
    ...(scopes && { scopes: [...scopes] }),
    ...(clientName && { clientName: clientName as never }),
    ...(mode && { mode: mode as never }),
    ...(minProtocol !== undefined && { minProtocol }),
    ...(maxProtocol !== undefined && { maxProtocol }),
    ...(displayName !== undefined && { clientDisplayName: displayName }),
    ...(platform !== undefined && { platform }),
    ...(deviceFamily !== undefined && { deviceFamily }),
    ...(caps && { caps: [...caps] }),
    ...(commands && { commands: [...commands] }),
    ...(permissions && { permissions: { ...permissions } }),
    ...(pathEnv !== undefined && { pathEnv }),
    clientVersion: "2026.9.1",
    deviceIdentity: device ?? null,
    hostDeps: {
      signDevicePayload: (pem, payload) => sign(null, Buffer.from(payload, "utf8"), pem).toString("base64url"),
      publicKeyRawBase64UrlFromPem: (pem) =>
        createPublicKey(pem).export({ type: "spki", format: "der" }).subarray(-32).toString("base64url"),
      loadDeviceAuthToken: () => stored,
      storeDeviceAuthToken: (record) => {
        stored = { token: record.token, scopes: record.scopes };
        tell({ saw: "stored", token: record.token, scopes: record.scopes });
      },
      clearDeviceAuthToken: () => {
        stored = null;
        tell({ saw: "cleared" });
      },
    },
    onHelloOk: (hello) => tell({ saw: "hello", hello }),
    onEvent: (event) => tell({ saw: "event", event }),
    onGap: (gap) => tell({ saw: "gap", gap }),
    onConnectError: (error) => tell({ saw: "connect-error", message: error.message, ...errorParts(error) }),
    onReconnectPaused: (info) => tell({ saw: "paused", info }),
    onClose: (code, reason) => tell({ saw: "close", code, reason }),
  });
  client.start();
  return client;
}

function errorParts(error: unknown): { code?: string; details?: unknown } {
  if (!(error instanceof GatewayClientRequestError)) return {};
  return { code: error.gatewayCode, details: error.details };
}

let client: GatewayClient | undefined;
createInterface({ input: process.stdin })
  .on("line", (line) => {
    const order = JSON.parse(line);
    if (order.start !== undefined) client = start(order.start);
    else {
      client?.request(order.method, order.params).then(
        (payload) => tell({ saw: "answer", id: order.id, ok: true, payload }),
        (error: unknown) =>
          tell({ saw: "answer", id: order.id, ok: false, message: String(error), ...errorParts(error) }),
      );
    }
  })
  .on("close", () => {
    client?.stop();
    process.exit(0);
  });
