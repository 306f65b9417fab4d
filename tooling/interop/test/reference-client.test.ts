import { describe, expect, test } from "vitest";
import { whyNoNamespaces } from "../../../tests/support/network-namespace.ts";
import { createDeviceKeys } from "../src/device-keys.ts";
import { startGatewayProcess } from "../src/gateway-process.ts";
import { ReferenceClient } from "../src/reference-client.ts";
import { connectOwner } from "./support/owner.ts";
import { behindProxy, inNamespace, type RemotePosition } from "./support/positions.ts";

const SCOPES = ["operator.read", "operator.write"];

interface Event {
  readonly event: string;
  readonly payload: { readonly presence?: readonly { readonly deviceId?: string }[] };
  readonly seq?: number;
}

const eventsOf = (client: ReferenceClient): Event[] => client.all("event").map(({ event }) => event as Event);
const requestIdOf = (details: unknown): string => String((details as { requestId?: unknown }).requestId);

async function walk(position: RemotePosition): Promise<void> {
  const { gateway, url, prefix } = position;
  const device = createDeviceKeys();
  await using owner = await connectOwner(gateway);

  // A stranger that knows the secret is told to wait, and waits.
  await using stranger = new ReferenceClient({ url, token: gateway.token, device, scopes: SCOPES }, prefix);
  const { info } = await stranger.saw("paused");
  expect(info.detailCode).toBe("PAIRING_REQUIRED");
  const [refused] = stranger.all("connect-error");
  expect(refused?.code).toBe("NOT_PAIRED");
  const requestId = requestIdOf(refused?.details);
  expect(info.reason).toContain(requestId);
  expect(stranger.all("stored")).toEqual([]);

  const { pending } = await owner.call("device.pair.list", {});
  expect(pending).toMatchObject([{ requestId, deviceId: device.deviceId, scopes: SCOPES }]);
  expect((pending as { remoteIp?: string }[])[0]?.remoteIp).toBe(position.remoteIp);
  await owner.call("device.pair.approve", { requestId });

  // Approved, it comes back and is given its own token.
  const stored = await (async () => {
    await using first = new ReferenceClient({ url, token: gateway.token, device, scopes: SCOPES }, prefix);
    expect((await first.saw("hello")).hello).toMatchObject({ protocol: 4, auth: { role: "operator", scopes: SCOPES } });
    expect(first.all("connect-error")).toEqual([]);
    return first.saw("stored");
  })();

  // From then on its own token is enough.
  const storedToken = { token: stored.token, scopes: stored.scopes };
  await using back = new ReferenceClient({ url, device, storedToken }, prefix);
  expect((await back.saw("hello")).hello).toMatchObject({ auth: { role: "operator", scopes: SCOPES } });
  expect(await back.request("health")).toMatchObject({ ok: true, payload: { ok: true } });
  expect(await back.request("status")).toMatchObject({ ok: true, payload: { heartbeat: {} } });
  const { payload } = await back.request("system-presence");
  expect(payload).toContainEqual(expect.objectContaining({ deviceId: device.deviceId, roles: ["operator"] }));

  // Events reach it in order, none missing.
  await owner.call("system-event", { text: "Node: harbor-light · mode ui · reason here", deviceId: "harbor-light" });
  await back.sightings.until(() => {
    const events = eventsOf(back);
    const seesPresence = events.some(
      ({ event, payload: { presence } }) =>
        event === "presence" && presence?.some(({ deviceId }) => deviceId === "harbor-light") === true,
    );
    const ticks = events.filter(({ event }) => event === "tick").length;
    return seesPresence && ticks >= 2 ? true : undefined;
  });
  const numbers = eventsOf(back).flatMap(({ seq }) => (seq === undefined ? [] : [seq]));
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  expect(back.all("gap")).toEqual([]);

  // A rotation: both its connections end, its old token lets it come back, the new one comes with hello-ok.
  const rotated = await owner.call("device.token.rotate", { deviceId: device.deviceId, role: "operator" });
  expect(JSON.stringify(rotated)).not.toContain('token":');
  expect(await back.saw("close")).toMatchObject({ code: 1008, reason: "credentials changed" });
  const renewed = await back.saw("stored");
  expect(renewed.token).not.toBe(stored.token);
  await using renewedClient = new ReferenceClient(
    { url, device, storedToken: { token: renewed.token, scopes: renewed.scopes } },
    prefix,
  );
  await renewedClient.saw("hello");
  await using late = new ReferenceClient({ url, device, storedToken }, prefix);
  expect(await late.saw("connect-error")).toMatchObject({ details: { code: "AUTH_DEVICE_TOKEN_MISMATCH" } });

  // A revocation: told so, and the stored token is thrown away.
  await owner.call("device.token.revoke", { deviceId: device.deviceId, role: "operator" });
  expect(await renewedClient.saw("close")).toMatchObject({ code: 1008, reason: "credentials changed" });
  expect(await renewedClient.saw("connect-error")).toMatchObject({ details: { code: "AUTH_DEVICE_TOKEN_MISMATCH" } });
  await renewedClient.saw("cleared");
}

describe("reference client", () => {
  test("[interop:reference-local-token] reference client: connects locally with the shared token and no device", async () => {
    await using gateway = await startGatewayProcess();
    await using client = new ReferenceClient({ url: gateway.url, token: gateway.token, scopes: ["operator.admin"] });
    expect((await client.saw("hello")).hello).toMatchObject({
      protocol: 4,
      auth: { role: "operator", scopes: ["operator.admin"] },
    });
    for (const method of ["health", "status", "system-presence"])
      expect(await client.request(method)).toMatchObject({ ok: true });
  });

  test("[interop:reference-local-silent] reference client: a first local device that names its scopes needs no approval", async () => {
    await using gateway = await startGatewayProcess();
    const device = createDeviceKeys();
    await using client = new ReferenceClient({ url: gateway.url, token: gateway.token, device, scopes: SCOPES });
    expect((await client.saw("hello")).hello).toMatchObject({ auth: { scopes: SCOPES } });
    expect((await client.saw("stored")).scopes).toEqual(SCOPES);
  });

  test("[interop:reference-wrong-token] reference client: with a wrong token it stops by itself instead of hammering", async () => {
    await using gateway = await startGatewayProcess();
    await using client = new ReferenceClient({ url: gateway.url, token: "wrong", scopes: SCOPES });
    expect((await client.saw("paused")).info).toMatchObject({ code: 1008, detailCode: "AUTH_TOKEN_MISMATCH" });
    expect(client.all("connect-error")).toHaveLength(1);
    expect(client.all("hello")).toEqual([]);
  });

  test("[interop:reference-restart] reference client: is told of a restart and comes back by itself", async () => {
    await using gateway = await startGatewayProcess();
    const { port } = gateway;
    await using client = new ReferenceClient({ url: gateway.url, token: gateway.token, scopes: SCOPES });
    await client.saw("hello");
    gateway.signal("SIGTERM");
    expect(await client.saw("close")).toMatchObject({ code: 1012, reason: "service restart" });
    expect(eventsOf(client)).toContainEqual(
      expect.objectContaining({ event: "shutdown", payload: { reason: "gateway stopping" } }),
    );
    expect(await gateway.exited).toBe(0);
    await using again = await startGatewayProcess({ flags: ["--port", String(port), "--token", gateway.token] });
    expect(again.port).toBe(port);
    await client.saw("hello", 2);
  });

  test("[interop:reference-remote-proxy] reference client: from behind a proxy it is told to pair, approved, comes back with its own token, and follows rotation and revocation", async () => {
    await using position = await behindProxy();
    await walk(position);
  });

  const noNamespaces = whyNoNamespaces();
  if (noNamespaces === undefined) {
    test("[interop:reference-remote-network] reference client: over a network it is told to pair, approved, comes back with its own token, and follows rotation and revocation", async () => {
      await using position = await inNamespace();
      await walk(position);
    });
  } else {
    test(`[interop:reference-remote-network] reference client: not tried over a network of its own, because ${noNamespaces}`, () => {
      expect(whyNoNamespaces()).toBe(noNamespaces);
    });
  }
});
