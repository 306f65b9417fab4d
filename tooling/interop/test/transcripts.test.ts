import { describe, expect, test } from "vitest";
import { type ConnectRequest, connectParams } from "../src/connect-request.ts";
import { createDeviceKeys, type DeviceKeys } from "../src/device-keys.ts";
import { startGatewayProcess } from "../src/gateway-process.ts";
import { type Frame, Wire } from "../src/wire.ts";
import { connectOwner } from "./support/owner.ts";
import { behindProxy } from "./support/positions.ts";

/** The transcripts of docs/protocol.md, replayed. What differs from older gateways is what the page says differs. */

const ALL = ["operator.admin", "operator.approvals", "operator.pairing"];
const CLI = { id: "cli", version: "2026.1.30", platform: "linux", mode: "cli" };
const MAC = {
  id: "openclaw-macos",
  displayName: "Mina's Mac",
  version: "2026.1.30",
  platform: "macos 15.2.0",
  deviceFamily: "Mac",
  modelIdentifier: "Mac15,3",
  mode: "ui",
  instanceId: "M-77",
};

async function ask(wire: Wire, id: string, request: ConnectRequest): Promise<Frame> {
  const { nonce } = await wire.challenge();
  const params = { ...connectParams(request, nonce), locale: "de-DE", userAgent: "Version 15.2" };
  wire.send({ type: "req", id, method: "connect", params });
  return wire.response(id);
}

const payloadOf = (frame: Frame): Frame => frame["payload"] as Frame;
const integer = expect.any(Number);
const text = expect.any(String);

describe("transcripts", () => {
  test("[interop:transcript-local] transcripts: a command line's new device here is approved at once", async () => {
    await using gateway = await startGatewayProcess();
    await using owner = await connectOwner(gateway);
    const device = createDeviceKeys();
    await using wire = new Wire(gateway.url);
    const answer = await ask(wire, "9d1f", {
      version: 3,
      client: CLI,
      role: "operator",
      scopes: ALL,
      auth: { token: gateway.token },
      device,
    });
    expect(answer).toEqual({
      type: "res",
      id: "9d1f",
      ok: true,
      payload: {
        type: "hello-ok",
        protocol: 3,
        server: { version: text, host: text, connId: text },
        features: {
          methods: expect.arrayContaining(["health"]),
          events: expect.arrayContaining(["connect.challenge"]),
        },
        snapshot: {
          presence: [
            expect.objectContaining({
              mode: "gateway",
              reason: "self",
              ts: integer,
              text: expect.stringMatching(/^Gateway: .* · mode gateway · reason self$/),
            }),
          ],
          health: expect.any(Object),
          stateVersion: { presence: integer, health: integer },
          uptimeMs: integer,
          configPath: text,
          stateDir: text,
          sessionDefaults: {
            defaultAgentId: "main",
            mainKey: "main",
            mainSessionKey: "agent:main:main",
            scope: "per-sender",
          },
        },
        auth: { deviceToken: text, role: "operator", scopes: ALL, issuedAtMs: integer },
        policy: { maxPayload: 26_214_400, maxBufferedBytes: 52_428_800, tickIntervalMs: 15_000 },
      },
    });
    const resolved = await owner.client.wire.event("device.pair.resolved");
    expect(resolved["payload"]).toEqual({
      requestId: text,
      deviceId: device.deviceId,
      decision: "approved",
      ts: integer,
    });
    wire.send({ type: "req", id: "a001", method: "health" });
    expect(payloadOf(await wire.response("a001"))).toMatchObject({
      ok: true,
      ts: integer,
      durationMs: integer,
      channels: {},
      channelOrder: [],
      channelLabels: {},
      heartbeatSeconds: integer,
      defaultAgentId: "main",
      agents: [{ agentId: "main", isDefault: true, sessions: { count: 0, recent: [] } }],
      sessions: { path: text, count: 0, recent: [] },
    });
    const health = await wire.event("health");
    expect(health).toMatchObject({ seq: 1, stateVersion: { presence: integer, health: integer } });
  });

  test("[interop:transcript-pairing] [interop:transcript-device-token] transcripts: an operator elsewhere waits, is approved, comes back, and loses its token", async () => {
    await using position = await behindProxy();
    const { gateway, url } = position;
    await using owner = await connectOwner(gateway);
    const device: DeviceKeys = createDeviceKeys();
    const request: ConnectRequest = {
      version: 3,
      client: MAC,
      role: "operator",
      scopes: ALL,
      auth: { token: gateway.token },
      device,
    };

    await using first = new Wire(url);
    const refused = await ask(first, "k1", request);
    expect(refused).toMatchObject({
      type: "res",
      id: "k1",
      ok: false,
      error: {
        code: "NOT_PAIRED",
        message: "pairing required",
        details: { code: "PAIRING_REQUIRED", reason: "not-paired", requestId: text },
      },
    });
    expect(await first.ended).toEqual({ code: 1008, reason: "pairing required" });
    const requested = payloadOf(await owner.client.wire.event("device.pair.requested"));
    const { requestId } = (refused["error"] as { details: { requestId: string } }).details;
    expect(requested).toMatchObject({
      requestId,
      deviceId: device.deviceId,
      publicKey: device.publicKey,
      displayName: "Mina's Mac",
      platform: "macos 15.2.0",
      clientId: "openclaw-macos",
      clientMode: "ui",
      role: "operator",
      roles: ["operator"],
      scopes: ALL,
      isRepair: false,
      ts: integer,
    });
    const approved = await owner.call("device.pair.approve", { requestId });
    expect(approved).toMatchObject({
      requestId,
      device: {
        deviceId: device.deviceId,
        displayName: "Mina's Mac",
        roles: ["operator"],
        scopes: ALL,
        createdAtMs: integer,
        approvedAtMs: integer,
      },
    });
    expect(JSON.stringify(approved)).not.toMatch(/"(token|hash|digest|secret)"/);
    expect(payloadOf(await owner.client.wire.event("device.pair.resolved"))).toEqual({
      requestId,
      deviceId: device.deviceId,
      decision: "approved",
      ts: integer,
    });

    await using second = new Wire(url);
    const hello = payloadOf(await ask(second, "k2", request));
    expect(hello["auth"]).toEqual({ deviceToken: text, role: "operator", scopes: ALL, issuedAtMs: integer });
    const { deviceToken } = hello["auth"] as { deviceToken: string };

    // The device token travels in the place of the shared one, and is not shown again.
    await using third = new Wire(url);
    const back = await ask(third, "r1", { ...request, auth: { token: deviceToken }, scopes: ["operator.admin"] });
    expect(back).toMatchObject({ ok: true, payload: { type: "hello-ok", protocol: 3 } });
    expect(payloadOf(back)).not.toHaveProperty("auth");

    // Rotated: the orderer sees no secret, the old token is good for one more way back, then for none.
    const rotated = await owner.call("device.token.rotate", { deviceId: device.deviceId, role: "operator" });
    expect(rotated).toEqual({
      deviceId: device.deviceId,
      role: "operator",
      scopes: ALL,
      rotatedAtMs: integer,
      tokenDelivery: "withheld-cross-device",
    });
    expect(await third.ended).toEqual({ code: 1008, reason: "credentials changed" });
    await using fourth = new Wire(url);
    const renewed = payloadOf(await ask(fourth, "r3", { ...request, auth: { token: deviceToken } }));
    const { deviceToken: nextToken } = renewed["auth"] as { deviceToken: string };
    expect(nextToken).not.toBe(deviceToken);
    await using fifth = new Wire(url);
    expect(await ask(fifth, "r4", { ...request, auth: { token: nextToken } })).toMatchObject({ ok: true });
    await using late = new Wire(url);
    const message = "unauthorized: gateway token mismatch (provide gateway auth token)";
    expect(await ask(late, "r5", { ...request, auth: { token: deviceToken } })).toMatchObject({
      ok: false,
      error: { code: "INVALID_REQUEST", message, details: { code: "AUTH_TOKEN_MISMATCH" } },
    });
    expect(await late.ended).toEqual({ code: 1008, reason: message });
  });

  test("[interop:transcript-bad-token] transcripts: a wrong token and none at all", async () => {
    await using gateway = await startGatewayProcess();
    const client = { id: "gateway-client", version: "dev", platform: "linux", mode: "backend" };
    await using wrong = new Wire(gateway.url);
    const message = "unauthorized: gateway token mismatch (provide gateway auth token)";
    expect(await ask(wrong, "b1", { version: 3, client, role: "operator", auth: { token: "wrong" } })).toEqual({
      type: "res",
      id: "b1",
      ok: false,
      error: expect.objectContaining({
        code: "INVALID_REQUEST",
        message,
        details: expect.objectContaining({ code: "AUTH_TOKEN_MISMATCH" }),
      }),
    });
    expect(await wrong.ended).toEqual({ code: 1008, reason: message });
    await using none = new Wire(gateway.url);
    expect(await ask(none, "b2", { version: 3, client })).toMatchObject({
      error: { code: "NOT_PAIRED", message: "device identity required", details: { code: "DEVICE_IDENTITY_REQUIRED" } },
    });
    expect(await none.ended).toEqual({ code: 1008, reason: "device identity required" });
  });

  test("[interop:transcript-mismatch] transcripts: a client of a version that nobody speaks", async () => {
    await using gateway = await startGatewayProcess();
    await using wire = new Wire(gateway.url);
    const answer = await ask(wire, "v1", {
      client: CLI,
      minProtocol: 7,
      maxProtocol: 7,
      auth: { token: gateway.token },
    });
    expect(answer["error"]).toMatchObject({
      code: "INVALID_REQUEST",
      message: "protocol mismatch",
      details: {
        code: "PROTOCOL_MISMATCH",
        clientMinProtocol: 7,
        clientMaxProtocol: 7,
        expectedProtocol: 4,
        minimumProbeProtocol: 3,
      },
    });
    expect(await wire.ended).toEqual({ code: 1002, reason: "protocol mismatch" });
  });

  for (const [signal, payload] of [
    ["SIGUSR1", { reason: "gateway restarting", restartExpectedMs: 1_500 }],
    ["SIGTERM", { reason: "gateway stopping" }],
  ] as const) {
    test(`[interop:transcript-shutdown] transcripts: ${payload.reason} is announced, then every connection ends with 1012`, async () => {
      await using gateway = await startGatewayProcess();
      await using wire = new Wire(gateway.url);
      expect(await ask(wire, "c", { version: 3, auth: { token: gateway.token } })).toMatchObject({ ok: true });
      gateway.signal(signal);
      const event = await wire.event("shutdown");
      expect(event).toEqual({ type: "event", event: "shutdown", payload, seq: integer });
      expect(await wire.ended).toEqual({ code: 1012, reason: "service restart" });
      expect(wire.frames.items.at(-1)).toBe(event);
      if (signal === "SIGTERM") {
        expect(await gateway.exited).toBe(0);
        return;
      }
      // Back on its feet: the next connection counts from the beginning.
      const [, listening] = await gateway.log.until((lines) => {
        const found = lines.filter(({ msg }) => msg === "listening");
        return found.length === 2 ? found : undefined;
      });
      await using again = new Wire(`ws://127.0.0.1:${Number(listening?.["port"])}`);
      expect(await ask(again, "c", { version: 3, auth: { token: gateway.token } })).toMatchObject({ ok: true });
      expect((await again.event("presence"))["seq"]).toBe(1);
    });
  }
});
