import { describe, expect, test } from "vitest";
import { newClient } from "../../../tests/support/device.ts";
import { createDeviceKeys, type DeviceKeys } from "../src/device-keys.ts";
import type { GatewayProcess } from "../src/gateway-process.ts";
import { startOlderGateway } from "../src/older-gateway.ts";
import { misfits } from "../src/published-forms.ts";
import { ReferenceClient, type ReferenceClientSetup } from "../src/reference-client.ts";
import type { Frame } from "../src/wire.ts";
import { connectOwner } from "./support/owner.ts";
import { behindProxy } from "./support/positions.ts";

const COMMANDS = ["system.which", "system.run", "camera.snap"];

/** How the published library is started as a node. */
function nodeSetup(url: string, device: DeviceKeys, more: Partial<ReferenceClientSetup> = {}): ReferenceClientSetup {
  return {
    url,
    device,
    role: "node",
    scopes: [],
    clientName: "node-host",
    mode: "node",
    platform: "linux",
    displayName: "rack-2",
    caps: ["system", "browser"],
    commands: COMMANDS,
    permissions: { "screen.record": false },
    pathEnv: "/usr/local/bin:/usr/bin:/bin",
    ...more,
  };
}

interface InvokeRequest {
  readonly id: string;
  readonly nodeId: string;
  readonly command: string;
  readonly paramsJSON?: string | null;
  readonly idempotencyKey: string;
}

/** The invocation that a node got for a key, with its whole event. */
async function asked(node: ReferenceClient, key: string): Promise<{ event: Frame; request: InvokeRequest }> {
  return node.sightings.until(() => {
    for (const { event } of node.all("event")) {
      const { event: name, payload } = event as { event: string; payload: InvokeRequest };
      if (name === "node.invoke.request" && payload.idempotencyKey === key)
        return { event: event as Frame, request: payload };
    }
    return undefined;
  });
}

/** An operator invokes a command over the same library, and our own client another; the node answers both. */
async function invokeBothWays(node: ReferenceClient, nodeId: string, gateway: GatewayProcess): Promise<void> {
  const { url, token } = gateway;
  await using operator = new ReferenceClient({ url, token, scopes: ["operator.admin"] });
  await operator.saw("hello");
  expect((await operator.request("node.list", {})).payload).toMatchObject({
    nodes: [
      {
        nodeId,
        displayName: "rack-2",
        platform: "linux",
        caps: ["browser", "system"],
        commands: ["system.run", "system.which"],
        withheld: [{ command: "camera.snap", reason: "command not allowlisted" }],
        permissions: { "screen.record": false },
        pathEnv: "/usr/local/bin:/usr/bin:/bin",
        paired: true,
        connected: true,
      },
    ],
  });
  expect((await operator.request("node.describe", { nodeId })).payload).toMatchObject({ nodeId, connected: true });

  const which = operator.request("node.invoke", {
    nodeId,
    command: "system.which",
    params: { bins: ["git", "nope"] },
    timeoutMs: 5_000,
    idempotencyKey: "inv-0001",
  });
  const { event, request } = await asked(node, "inv-0001");
  expect(event).toEqual({
    type: "event",
    event: "node.invoke.request",
    payload: {
      id: expect.any(String),
      nodeId,
      command: "system.which",
      paramsJSON: '{"bins":["git","nope"]}',
      timeoutMs: 5_000,
      idempotencyKey: "inv-0001",
    },
  });
  expect(misfits("node.invoke.request event", request)).toEqual([]);
  const payloadJSON = '{"bins":{"git":"/usr/bin/git"}}';
  expect(await node.request("node.invoke.result", { id: request.id, nodeId, ok: true, payloadJSON })).toMatchObject({
    ok: true,
    payload: { ok: true },
  });
  expect(await which).toMatchObject({
    ok: true,
    payload: { ok: true, nodeId, command: "system.which", payload: { bins: { git: "/usr/bin/git" } }, payloadJSON },
  });
  const late = await node.request("node.invoke.result", { id: request.id, nodeId, ok: true, payloadJSON });
  expect(late, "nothing waits for it any more").toMatchObject({ payload: { ok: true, ignored: true } });

  const refused = operator.request("node.invoke", { nodeId, command: "system.which", idempotencyKey: "inv-0002" });
  const second = await asked(node, "inv-0002");
  const error = { code: "UNAVAILABLE", message: "SYSTEM_RUN_DENIED: approval required" };
  await node.request("node.invoke.result", { id: second.request.id, nodeId, ok: false, error });
  expect(await refused).toMatchObject({
    ok: false,
    code: "UNAVAILABLE",
    details: { code: "NODE_FAILED", nodeError: error },
  });

  await using ours = newClient({ url, token, scopes: ["operator.write"] });
  await ours.connect();
  const asking = ours.request("node.invoke", {
    nodeId,
    command: "system.run",
    params: { command: ["uptime"], approved: true },
    idempotencyKey: "inv-0003",
  });
  const third = await asked(node, "inv-0003");
  // What a caller says about approvals doesn't reach the node.
  expect(JSON.parse(third.request.paramsJSON ?? "")).toEqual({ command: ["uptime"] });
  const payload = { exitCode: 0, timedOut: false, success: true, stdout: "up\n", stderr: "", error: null };
  await node.request("node.invoke.result", { id: third.request.id, nodeId, ok: true, payload });
  expect(await asking).toEqual({ ok: true, nodeId, command: "system.run", payload, payloadJSON: null });
}

/** The whole life of a node: it waits, is approved, is asked, and tells what happens to it. */
async function walk(version: 3 | 4, more: Partial<ReferenceClientSetup>, older: boolean): Promise<void> {
  await using position = await behindProxy();
  const { gateway } = position;
  await using relay = older ? await startOlderGateway(position.url) : undefined;
  const url = relay?.url ?? position.url;
  const device = createDeviceKeys();
  const nodeId = device.deviceId;
  await using owner = await connectOwner(gateway);

  // It knows the secret, and waits all the same.
  const requestId = await (async () => {
    await using stranger = new ReferenceClient(nodeSetup(url, device, { token: gateway.token, ...more }));
    expect((await stranger.saw("paused")).info.detailCode).toBe("PAIRING_REQUIRED");
    const refusals = stranger.all("connect-error").filter(({ code }) => code === "NOT_PAIRED");
    expect(refusals).toHaveLength(1);
    return String((refusals[0]?.details as { requestId?: string } | undefined)?.requestId);
  })();
  expect(await owner.call("node.list", {})).toMatchObject({ nodes: [] });
  const { pending } = await owner.call("device.pair.list", {});
  expect(pending).toMatchObject([{ requestId, deviceId: nodeId, role: "node", commands: COMMANDS }]);
  await owner.call("device.pair.approve", { requestId });

  const stored = await (async () => {
    await using first = new ReferenceClient(nodeSetup(url, device, { token: gateway.token, ...more }));
    expect((await first.saw("hello")).hello).toMatchObject({ protocol: version, auth: { role: "node", scopes: [] } });
    return first.saw("stored");
  })();
  const storedToken = { token: stored.token, scopes: stored.scopes };
  await using node = new ReferenceClient(nodeSetup(url, device, { storedToken, ...more }));
  expect((await node.saw("hello")).hello).toMatchObject({ protocol: version });

  await invokeBothWays(node, nodeId, gateway);

  const bins = await node.request("skills.bins", {});
  expect(bins).toMatchObject({ ok: true, payload: { bins: [] } });
  expect(misfits("skills.bins result", bins.payload)).toEqual([]);
  const alive = await node.request("node.event", {
    event: "node.presence.alive",
    payloadJSON: '{"trigger":"connect","host":{"cpuCount":4}}',
  });
  const unknown = await node.request("node.event", { event: "something.newer", payload: {} });
  if (version === 3) {
    expect([alive.payload, unknown.payload]).toEqual([{ ok: true }, { ok: true }]);
  } else {
    expect(alive.payload).toEqual({ ok: true, event: "node.presence.alive", handled: true });
    expect(unknown.payload).toMatchObject({ ok: true, handled: false, reason: expect.any(String) });
    for (const { payload } of [alive, unknown]) expect(misfits("node.event result", payload)).toEqual([]);
  }
  expect(await owner.call("node.describe", { nodeId })).toMatchObject({ host: { cpuCount: 4 } });

  // A node is no operator.
  expect(await node.request("node.list", {})).toMatchObject({
    ok: false,
    message: expect.stringMatching(/unauthorized role: node$/),
  });
  if (relay !== undefined) {
    // Each of its three starts asked for revision 4 first, was told no, and came again with revision 3.
    expect(relay.connects.map(({ minProtocol, maxProtocol }) => [minProtocol, maxProtocol])).toEqual([
      [4, 4],
      [3, 3],
      [4, 4],
      [3, 3],
      [4, 4],
      [3, 3],
    ]);
  }
}

describe("reference node", () => {
  test("[interop:reference-node] reference node: waits, is approved, is invoked by its own library and by ours, and tells what happens, in revision 4", async () => {
    await walk(4, {}, false);
  });

  test("[interop:reference-node-3] reference node: the same in revision 3, when it is told to speak that alone", async () => {
    await walk(3, { minProtocol: 3, maxProtocol: 3 }, false);
  });

  test("[interop:reference-node-fallback] reference node: told that revision 4 is unknown it falls back to 3 by itself, and everything works", async () => {
    await walk(3, {}, true);
  });
});
