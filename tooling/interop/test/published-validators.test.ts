import { validateConnectParams, validateRequestFrame } from "@openclaw/gateway-protocol";
import { readPairingConnectErrorDetails } from "@openclaw/gateway-protocol/connect-error-details";
import { isGatewayEventFrame, isGatewayResponseFrame } from "@openclaw/gateway-protocol/frame-guards";
import { readMissingScopeErrorDetails } from "@openclaw/gateway-protocol/gateway-error-details";
import { describe, expect, test } from "vitest";
import { createDeviceKeys, type DeviceKeys, payloadText, signText } from "../src/device-keys.ts";
import { startGatewayProcess } from "../src/gateway-process.ts";
import { misfits, PUBLISHED_FORMS, type PublishedForm } from "../src/published-forms.ts";
import { type Frame, Wire } from "../src/wire.ts";
import { behindProxy } from "./support/positions.ts";

interface Asks {
  readonly token: string;
  readonly scopes: readonly string[];
  readonly device?: DeviceKeys;
}

/** A connect request of revision 4 that the published validator accepts, too. */
async function connect(wire: Wire, { token, scopes, device }: Asks): Promise<Frame> {
  const { nonce, ts } = await wire.challenge();
  const client = { id: "gateway-client", version: "2026.9.1", platform: "linux", mode: "backend" };
  const signed = device && {
    id: device.deviceId,
    publicKey: device.publicKey,
    signedAt: ts,
    nonce,
    signature: signText(
      device.privateKey,
      payloadText("v3", {
        deviceId: device.deviceId,
        clientId: client.id,
        clientMode: client.mode,
        role: "operator",
        scopes,
        signedAtMs: ts,
        token,
        nonce,
        platform: client.platform,
        deviceFamily: "",
      }),
    ),
  };
  const params = { minProtocol: 4, maxProtocol: 4, client, role: "operator", scopes, caps: [], auth: { token } };
  const frame = { type: "req", id: "c", method: "connect", params: { ...params, ...(signed && { device: signed }) } };
  expect(validateRequestFrame(frame), "the request itself is as published").toBe(true);
  expect(validateConnectParams(frame.params), "the params themselves are as published").toBe(true);
  wire.send(frame);
  return wire.response("c");
}

async function request(wire: Wire, id: string, method: string, params: unknown): Promise<Frame> {
  wire.send({ type: "req", id, method, params });
  return wire.response(id);
}

/** Checks a frame's envelope, and what it carries where there is a published form for that. */
function checkFrame(frame: Frame, applied: Set<PublishedForm>): void {
  const { type, event, payload, error } = frame;
  const check = (form: PublishedForm, value: unknown): void => {
    applied.add(form);
    expect(misfits(form, value), `${form}: ${JSON.stringify(value).slice(0, 1_000)}`).toEqual([]);
  };
  check("any frame", frame);
  if (type === "res") {
    check("response frame", frame);
    expect(isGatewayResponseFrame(frame)).toBe(true);
    if (error !== undefined) check("error", error);
    return;
  }
  check("event frame", frame);
  expect(isGatewayEventFrame(frame)).toBe(true);
  if (event === "tick") check("tick event", payload);
  if (event === "shutdown") check("shutdown event", payload);
  if (event === "device.pair.requested") check("device.pair.requested event", payload);
  if (event === "device.pair.resolved") check("device.pair.resolved event", payload);
  if (event === "presence") for (const row of (payload as { presence: unknown[] }).presence) check("presence row", row);
}

describe("published validators", () => {
  test("[interop:published-forms] published validators: take every frame of a whole life, from the challenge to the shutdown", async () => {
    const applied = new Set<PublishedForm>();
    await using position = await behindProxy();
    const { gateway } = position;
    const { token } = gateway;
    await using admin = new Wire(gateway.url);
    const scopes = ["operator.admin"];
    const first = await connect(admin, { token, scopes });
    expect(first["ok"]).toBe(true);
    await request(admin, "health", "health", { probe: true });
    // A second hello-ok, whose snapshot holds a health by now.
    await using reader = new Wire(gateway.url);
    const hello = await connect(reader, { token, scopes: ["operator.read"] });

    // A stranger elsewhere asks, waits, is let in, comes back, and is sent away.
    const device = createDeviceKeys();
    await using stranger = new Wire(position.url);
    const refused = await connect(stranger, { token, scopes: ["operator.read"], device });
    const refusal = (refused["error"] as { details: { requestId: string } }).details;
    expect(readPairingConnectErrorDetails(refusal)).toMatchObject({
      requestId: refusal.requestId,
      reason: "not-paired",
      pauseReconnect: true,
    });
    await admin.event("device.pair.requested");
    await request(admin, "list", "device.pair.list", {});
    await request(admin, "approve", "device.pair.approve", { requestId: refusal.requestId });
    await admin.event("device.pair.resolved");
    await using paired = new Wire(position.url);
    const pairedHello = await connect(paired, { token, scopes: ["operator.read"], device });
    expect(pairedHello["ok"]).toBe(true);
    const rotated = await request(admin, "rotate", "device.token.rotate", {
      deviceId: device.deviceId,
      role: "operator",
    });

    // Failures of every kind that an open connection can meet.
    const denied = await request(reader, "denied", "device.pair.list", {});
    const details = (denied["error"] as { details: unknown }).details;
    expect(readMissingScopeErrorDetails(details)).toMatchObject({ missingScope: "operator.pairing" });
    await request(admin, "unknown", "no.such.method", {});
    await request(admin, "unserved", "chat.send", { sessionKey: "main", message: "x", idempotencyKey: "k" });
    await request(admin, "bad", "device.pair.approve", { requestId: 7 });
    admin.send({ type: "req", id: "notaframe" });
    await admin.response("notaframe");
    await request(admin, "presence", "system-presence", {});
    await request(admin, "status", "status", {});
    await request(admin, "event", "system-event", { text: "Node: lamp (10.0.0.7) · mode ui · reason on" });
    await admin.event("presence");
    await admin.event("health");
    await admin.event("tick");
    gateway.signal("SIGTERM");
    await admin.event("shutdown");
    await admin.ended;

    for (const wire of [admin, reader, stranger, paired])
      for (const frame of wire.frames.items) checkFrame(frame, applied);
    const check = (form: PublishedForm, value: unknown): void => {
      applied.add(form);
      expect(misfits(form, value), form).toEqual([]);
    };
    for (const { payload } of [first, hello, pairedHello] as { payload: { snapshot: { health: unknown } } }[]) {
      check("hello-ok", payload);
      check("snapshot in hello-ok", payload.snapshot);
      check("health in a snapshot", payload.snapshot.health);
    }
    expect((hello["payload"] as { snapshot: { health: unknown } }).snapshot.health).toMatchObject({ ok: true });
    check("device.token.rotate result", rotated["payload"]);
    check("missing scope details", details);
    expect([...applied].sort()).toEqual(Object.keys(PUBLISHED_FORMS).sort());
  });

  test("[interop:published-forms] published validators: the restart's shutdown event fits them as well", async () => {
    await using gateway = await startGatewayProcess();
    await using wire = new Wire(gateway.url);
    await connect(wire, { token: gateway.token, scopes: [] });
    gateway.signal("SIGUSR1");
    const { payload } = await wire.event("shutdown");
    expect(misfits("shutdown event", payload)).toEqual([]);
    expect(await wire.ended).toEqual({ code: 1012, reason: "service restart" });
  });

  test("[interop:published-forms] published validators: the check itself sees a key that does not belong", () => {
    expect(misfits("response frame", { type: "res", id: "x", ok: true, extra: 1 })).not.toEqual([]);
    expect(misfits("hello-ok", { type: "hello-ok" })).not.toEqual([]);
  });
});
