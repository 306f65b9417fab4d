import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectParams } from "../src/connect-request.ts";
import { createDeviceKeys } from "../src/device-keys.ts";
import { type GatewayProcess, startGatewayProcess } from "../src/gateway-process.ts";
import { type Frame, Wire } from "../src/wire.ts";

/** The transcripts of revision 3 about nodes and approvals, replayed frame by frame. */

const text = expect.any(String);
const integer = expect.any(Number);

let gateway: GatewayProcess;
const device = createDeviceKeys();
const nodeId = device.deviceId;

beforeAll(async () => {
  gateway = await startGatewayProcess();
});

afterAll(() => gateway[Symbol.asyncDispose]());

async function connectNode(wire: Wire): Promise<Frame> {
  const { nonce } = await wire.challenge();
  const params = connectParams(
    {
      version: 3,
      client: {
        id: "node-host",
        displayName: "rack-2",
        version: "2026.1.30",
        platform: "linux",
        mode: "node",
        instanceId: "rack2",
      },
      role: "node",
      scopes: [],
      claims: {
        caps: ["system", "browser"],
        commands: [
          "system.run",
          "system.which",
          "system.execApprovals.get",
          "system.execApprovals.set",
          "browser.proxy",
          "camera.snap",
        ],
        pathEnv: "/usr/local/bin:/usr/bin:/bin",
      },
      auth: { token: gateway.token },
      device,
    },
    nonce,
  );
  wire.send({ type: "req", id: "n1", method: "connect", params });
  return wire.response("n1");
}

/** An operator with a key of its own, so that its name is known. */
async function connectOperator(displayName: string, scopes: readonly string[]): Promise<Wire> {
  const wire = new Wire(gateway.url);
  const { nonce } = await wire.challenge();
  const params = connectParams(
    {
      version: 3,
      client: { id: "cli", mode: "cli", displayName },
      role: "operator",
      scopes,
      auth: { token: gateway.token },
      device: createDeviceKeys(),
    },
    nonce,
  );
  wire.send({ type: "req", id: "c", method: "connect", params });
  expect(await wire.response("c")).toMatchObject({ ok: true });
  return wire;
}

describe("node transcripts", () => {
  test("[interop:transcript-node] transcripts: a node connects, asks for the programs of skills, and may ask for nothing of an operator", async () => {
    await using node = new Wire(gateway.url);
    expect(await connectNode(node)).toMatchObject({
      type: "res",
      id: "n1",
      ok: true,
      payload: {
        type: "hello-ok",
        protocol: 3,
        auth: { deviceToken: text, role: "node", scopes: [], issuedAtMs: integer },
      },
    });
    node.send({ type: "req", id: "n2", method: "skills.bins", params: {} });
    expect(await node.response("n2")).toEqual({ type: "res", id: "n2", ok: true, payload: { bins: [] } });
    node.send({ type: "req", id: "n3", method: "health" });
    expect(await node.response("n3")).toEqual({
      type: "res",
      id: "n3",
      ok: false,
      error: expect.objectContaining({ code: "INVALID_REQUEST", message: "unauthorized role: node" }),
    });
    await using reader = await connectOperator("reader", ["operator.read"]);
    reader.send({ type: "req", id: "l", method: "node.list", params: {} });
    expect(await reader.response("l")).toMatchObject({
      payload: {
        ts: integer,
        nodes: [
          {
            nodeId,
            displayName: "rack-2",
            platform: "linux",
            version: "2026.1.30",
            caps: ["browser", "system"],
            // Sorted, and without what its platform may not be asked for.
            commands: [
              "browser.proxy",
              "system.execApprovals.get",
              "system.execApprovals.set",
              "system.run",
              "system.which",
            ],
            pathEnv: "/usr/local/bin:/usr/bin:/bin",
            connectedAtMs: integer,
            paired: true,
            connected: true,
          },
        ],
      },
    });
  });

  test("[interop:transcript-invoke] transcripts: an invocation goes there and back, and every refusal has its words", async () => {
    await using node = new Wire(gateway.url);
    expect(await connectNode(node)).toMatchObject({ ok: true });
    await using operator = await connectOperator("operator", ["operator.write"]);
    const params = { nodeId, command: "system.which", params: { bins: ["git", "nope"] }, timeoutMs: 5_000 };
    operator.send({
      type: "req",
      id: "i1",
      method: "node.invoke",
      params: { ...params, idempotencyKey: "inv-0001" },
    });
    const request = await node.event("node.invoke.request");
    expect(request).toEqual({
      type: "event",
      event: "node.invoke.request",
      payload: {
        id: text,
        nodeId,
        command: "system.which",
        paramsJSON: '{"bins":["git","nope"]}',
        timeoutMs: 5_000,
        idempotencyKey: "inv-0001",
      },
    });
    const { id } = request["payload"] as { id: string };
    const payloadJSON = '{"bins":{"git":"/usr/bin/git"}}';
    node.send({ type: "req", id: "n9", method: "node.invoke.result", params: { id, nodeId, ok: true, payloadJSON } });
    expect(await node.response("n9")).toEqual({ type: "res", id: "n9", ok: true, payload: { ok: true } });
    expect(await operator.response("i1")).toEqual({
      type: "res",
      id: "i1",
      ok: true,
      payload: { ok: true, nodeId, command: "system.which", payload: { bins: { git: "/usr/bin/git" } }, payloadJSON },
    });
    node.send({ type: "req", id: "n10", method: "node.invoke.result", params: { id, nodeId, ok: true, payloadJSON } });
    expect(await node.response("n10")).toEqual({
      type: "res",
      id: "n10",
      ok: true,
      payload: { ok: true, ignored: true },
    });

    const refusal = async (askId: string, ask: Frame): Promise<unknown> => {
      operator.send({ type: "req", id: askId, method: "node.invoke", params: { idempotencyKey: askId, ...ask } });
      return (await operator.response(askId))["error"];
    };
    expect(await refusal("i2", { nodeId, command: "camera.snap" })).toMatchObject({
      code: "INVALID_REQUEST",
      message: "node command not allowed",
      details: { reason: "command not allowlisted", command: "camera.snap" },
    });
    expect(await refusal("i3", { nodeId: "gone", command: "system.run" })).toMatchObject({
      code: "UNAVAILABLE",
      message: "node not connected",
      details: { code: "NOT_CONNECTED" },
    });
    expect(await refusal("i4", { nodeId, command: "system.which", timeoutMs: 0 })).toMatchObject({
      code: "UNAVAILABLE",
      message: "node invoke timed out",
      details: { nodeError: { code: "TIMEOUT", message: "node invoke timed out" } },
    });
    // Without params revision 3 says null.
    const [, late] = await node.frames.until((frames) => {
      const found = frames.filter(({ event }) => event === "node.invoke.request");
      return found.length === 2 ? found : undefined;
    });
    expect(late?.["payload"]).toMatchObject({ paramsJSON: null, timeoutMs: 0 });
    const gone = refusal("i5", { nodeId, command: "system.which" });
    await node.frames.until((frames) =>
      frames.filter(({ event }) => event === "node.invoke.request").length === 3 ? true : undefined,
    );
    node.close();
    expect(await gone).toMatchObject({ code: "UNAVAILABLE", message: "node disconnected (system.which)" });
  });

  test("[interop:transcript-approval] transcripts: a question is shown to whoever may answer, the first answer ends it, and silence is null", async () => {
    await using agent = await connectOperator("agent", ["operator.approvals"]);
    await using owner = await connectOperator("Mina's Mac", ["operator.approvals"]);
    await using reader = await connectOperator("reader", ["operator.read"]);
    const request = {
      command: "git push origin main",
      cwd: "/srv/app",
      host: "node",
      security: "allowlist",
      ask: "on-miss",
      agentId: "main",
      sessionKey: "agent:main:main",
    };
    agent.send({
      type: "req",
      id: "x1",
      method: "exec.approval.request",
      params: { id: "apr-91", ...request, timeoutMs: 120_000 },
    });
    const shown = await owner.event("exec.approval.requested");
    expect(shown).toEqual({
      type: "event",
      event: "exec.approval.requested",
      payload: {
        id: "apr-91",
        request: { ...request, resolvedPath: null },
        createdAtMs: integer,
        expiresAtMs: integer,
      },
      seq: integer,
    });
    const { createdAtMs, expiresAtMs } = shown["payload"] as { createdAtMs: number; expiresAtMs: number };
    expect(expiresAtMs - createdAtMs).toBe(120_000);
    agent.send({ type: "req", id: "x2", method: "exec.approval.request", params: { id: "apr-91", ...request } });
    expect(await agent.response("x2")).toMatchObject({
      error: { code: "INVALID_REQUEST", message: "approval id already pending" },
    });

    const resolve = { id: "apr-91", decision: "allow-once" };
    owner.send({ type: "req", id: "y0", method: "exec.approval.resolve", params: { ...resolve, decision: "maybe" } });
    expect(await owner.response("y0")).toMatchObject({ error: { code: "INVALID_REQUEST" } });
    owner.send({ type: "req", id: "y1", method: "exec.approval.resolve", params: resolve });
    expect(await owner.response("y1")).toEqual({ type: "res", id: "y1", ok: true, payload: { ok: true } });
    for (const wire of [owner, agent])
      expect(await wire.event("exec.approval.resolved")).toEqual({
        type: "event",
        event: "exec.approval.resolved",
        // `reason` is ours.
        payload: { ...resolve, resolvedBy: "Mina's Mac", reason: "answered", ts: integer },
        seq: integer,
      });
    expect(await agent.response("x1")).toEqual({
      type: "res",
      id: "x1",
      ok: true,
      payload: { ...resolve, createdAtMs, expiresAtMs },
    });
    owner.send({ type: "req", id: "z1", method: "exec.approval.resolve", params: resolve });
    expect(await owner.response("z1")).toMatchObject({
      ok: false,
      error: { code: "INVALID_REQUEST", message: expect.stringMatching(/^unknown approval id/) },
    });

    agent.send({
      type: "req",
      id: "x3",
      method: "exec.approval.request",
      params: { id: "apr-92", command: "true", timeoutMs: 20 },
    });
    expect(await agent.response("x3")).toMatchObject({ ok: true, payload: { id: "apr-92", decision: null } });
    expect(reader.frames.items.filter(({ event }) => String(event).startsWith("exec.approval."))).toEqual([]);
  });
});
