import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ForwardingProxy, startForwardingProxy } from "../../../tests/support/forwarding-proxy.ts";
import { createDeviceKeys } from "../src/device-keys.ts";
import { type GatewayProcess, startGatewayProcess } from "../src/gateway-process.ts";
import { Revision3Client, type Revision3Credentials, type Revision3Style } from "../src/revision-3-client.ts";
import { decodeHelloLikeSwift, whyDropped } from "../src/strict-readers.ts";
import type { Frame } from "../src/wire.ts";
import { connectOwner, type Owner } from "./support/owner.ts";

let gateway: GatewayProcess;
let proxy: ForwardingProxy;
let owner: Owner;

beforeAll(async () => {
  gateway = await startGatewayProcess({ config: { tickIntervalMs: 1_000 } });
  proxy = await startForwardingProxy(gateway.port);
  owner = await connectOwner(gateway);
});

afterAll(async () => {
  await owner[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
  await gateway[Symbol.asyncDispose]();
});

const BRANDS = ["clawdbot", "moltbot", "openclaw", "saltgate"];
const BRANDED = ["control-ui", "macos", "ios", "android", "probe"];
const PLAIN = ["webchat-ui", "webchat", "cli", "gateway-client", "test", "fingerprint"];
const CLIENT_IDS = [...BRANDS.flatMap((brand) => BRANDED.map((kind) => `${brand}-${kind}`)), ...PLAIN];

function dial(place: "here" | "elsewhere", style: Revision3Style): Revision3Client {
  return new Revision3Client(place === "here" ? gateway.url : proxy.url, style);
}

async function mustConnect(client: Revision3Client, credentials: Revision3Credentials): Promise<Frame> {
  const outcome = await client.connect(credentials);
  if (!outcome.ok) throw new Error(`refused: ${JSON.stringify(outcome)}`);
  decodeHelloLikeSwift(outcome.hello);
  expect(outcome.hello["protocol"]).toBe(3);
  return outcome.hello;
}

/** Everything a client of revision 3 does in its life: see the table of reconnecting clients. */
async function walk(place: "here" | "elsewhere", style: Revision3Style): Promise<void> {
  const { token } = gateway;
  const device = createDeviceKeys();

  // Told to wait: it names no scopes, so nothing could be granted to it without its owner.
  await using stranger = dial(place, style);
  const told = await stranger.connect({ token, device });
  expect(told).toMatchObject({
    ok: false,
    error: { code: "NOT_PAIRED", message: "pairing required", details: { code: "PAIRING_REQUIRED" } },
    ending: { code: 1008, reason: "pairing required" },
  });
  const requestId = told.ok ? "" : (told.error["details"] as { requestId: string }).requestId;

  // The same request again: never two for one device.
  await using again = dial(place, style);
  expect(await again.connect({ token, device })).toMatchObject({ error: { details: { requestId } } });
  await owner.call("device.pair.approve", { requestId });

  await using first = dial(place, style);
  const hello = await mustConnect(first, { token, device });
  const deviceToken = (hello["auth"] as { deviceToken: string }).deviceToken;
  expect(deviceToken.length).toBeGreaterThan(40);

  await using back = dial(place, style);
  const welcome = await mustConnect(back, { token: deviceToken, device });
  expect(welcome["auth"], "a token is shown once").toBeUndefined();
  expect(await back.request("health")).toMatchObject({ ok: true, payload: { ok: true } });
  expect(await back.request("status", {})).toMatchObject({ ok: true });
  const presence = await back.request("system-presence", {});
  const rows = presence["payload"] as { deviceId?: string }[];
  expect(rows.some(({ deviceId }) => deviceId === device.deviceId)).toBe(style.mode !== "cli");
  // Never admin by omission.
  expect(await back.request("no.such.method")).toMatchObject({
    error: { code: "INVALID_REQUEST", message: "missing scope: operator.admin" },
  });
  for (const client of [stranger, again, first, back]) {
    expect(client.dropped).toEqual([]);
    expect(client.wire.binaryFrames).toBe(0);
  }
}

describe("revision 3 clients", () => {
  for (const clientId of CLIENT_IDS) {
    test(`[interop:revision-3-ids] revision 3 clients: ${clientId} walks the whole way from elsewhere, in binary frames and without scopes`, async () => {
      const mode = clientId === "cli" ? "cli" : "ui";
      await walk("elsewhere", { clientId, mode, frames: "binary", nonce: "signed" });
    });
  }

  test("[interop:revision-3-local-no-nonce] revision 3 clients: an Android-like operator here ignores the nonce, calls itself a control UI and names no scopes", async () => {
    await walk("here", { clientId: "openclaw-control-ui", mode: "ui", frames: "text", nonce: "ignored" });
  });

  test("[interop:revision-3-remote-nonce] revision 3 clients: from elsewhere the nonce has to be signed", async () => {
    await using client = dial("elsewhere", { clientId: "cli", mode: "cli", frames: "text", nonce: "ignored" });
    expect(await client.connect({ token: gateway.token, device: createDeviceKeys() })).toMatchObject({
      error: { code: "INVALID_REQUEST", details: { code: "DEVICE_AUTH_NONCE_REQUIRED" } },
      ending: { code: 1008, reason: "device nonce required" },
    });
  });

  test("[interop:revision-3-local-token] revision 3 clients: a command line here needs no device, and gets the scopes it names", async () => {
    const scopes = ["operator.admin", "operator.approvals", "operator.pairing"];
    await using client = dial("here", { clientId: "cli", mode: "cli", scopes, frames: "text", nonce: "signed" });
    const hello = await mustConnect(client, { token: gateway.token });
    expect(hello["snapshot"]).toMatchObject({ stateDir: expect.any(String) });
    expect(await client.request("device.pair.list", {})).toMatchObject({ ok: true });
    await client.wire.event("tick");
    expect(client.dropped).toEqual([]);
  });

  test("[interop:revision-3-local-token] revision 3 clients: one here that names no scopes gets none", async () => {
    await using client = dial("here", {
      clientId: "gateway-client",
      mode: "backend",
      frames: "binary",
      nonce: "signed",
    });
    await mustConnect(client, { token: gateway.token });
    expect(await client.request("health")).toMatchObject({
      ok: false,
      error: { message: "missing scope: operator.read" },
    });
  });

  test("[interop:revision-3-remote-token] revision 3 clients: from elsewhere the token alone is not enough", async () => {
    const scopes = ["operator.admin"];
    await using client = dial("elsewhere", {
      clientId: "gateway-client",
      mode: "backend",
      scopes,
      frames: "text",
      nonce: "signed",
    });
    expect(await client.connect({ token: gateway.token })).toMatchObject({
      error: { code: "NOT_PAIRED", message: "device identity required", details: { code: "DEVICE_IDENTITY_REQUIRED" } },
      ending: { code: 1008, reason: "device identity required" },
    });
  });

  test("[interop:revision-3-silent] revision 3 clients: a first device here that names its scopes is paired at once", async () => {
    const scopes = ["operator.admin", "operator.approvals", "operator.pairing"];
    await using client = dial("here", {
      clientId: "openclaw-macos",
      mode: "ui",
      scopes,
      frames: "binary",
      nonce: "signed",
    });
    const hello = await mustConnect(client, { token: gateway.token, device: createDeviceKeys() });
    expect(hello["auth"]).toMatchObject({ role: "operator", scopes, deviceToken: expect.any(String) });
  });

  test("[interop:revision-3-node] revision 3 clients: a node is a node, whatever brand, and no operator", async () => {
    for (const clientId of ["node-host", "clawdbot-ios", "moltbot-android", "openclaw-macos"]) {
      await using client = dial("here", {
        clientId,
        mode: "node",
        role: "node",
        scopes: [],
        frames: "binary",
        nonce: "signed",
      });
      const hello = await mustConnect(client, { token: gateway.token, device: createDeviceKeys() });
      expect(hello["auth"]).toMatchObject({ role: "node", scopes: [] });
      expect(await client.request("health")).toMatchObject({
        error: { code: "INVALID_REQUEST", message: "unauthorized role: node" },
      });
      expect(client.dropped).toEqual([]);
    }
  });

  test("[interop:revision-3-strict] revision 3 clients: the strict reader drops what it must, so that taking every frame means something", () => {
    expect(whyDropped({ type: "res", id: "1", ok: true, error: null })).toBeDefined();
    expect(whyDropped({ type: "res", id: "1", ok: true, extra: 1 })).toBeDefined();
    expect(whyDropped({ type: "event", event: "x", stateVersion: { presence: 1 } })).toBeDefined();
    expect(whyDropped({ type: "event", event: "x", payload: null, seq: 1 })).toBeUndefined();
    expect(() => decodeHelloLikeSwift({ type: "hello-ok", protocol: 3.5 })).toThrow("protocol");
  });
});
