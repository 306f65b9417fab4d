import { describe, expect, test } from "vitest";
import { connectParams } from "../src/connect-request.ts";
import { createDeviceKeys } from "../src/device-keys.ts";
import { type GatewayProcess, startGatewayProcess } from "../src/gateway-process.ts";
import { misfits, PUBLISHED_NODE_FORMS, type PublishedForm } from "../src/published-forms.ts";
import { type Frame, Wire } from "../src/wire.ts";

const device = createDeviceKeys();
const nodeId = device.deviceId;

async function join(gateway: GatewayProcess): Promise<Wire> {
  const wire = new Wire(gateway.url);
  const { nonce } = await wire.challenge();
  const params = connectParams(
    {
      client: { id: "node-host", mode: "node", version: "2026.9.1" },
      role: "node",
      scopes: [],
      claims: { caps: ["system"], commands: ["system.which", "system.execApprovals.get"] },
      auth: { token: gateway.token },
      device,
    },
    nonce,
  );
  wire.send({ type: "req", id: "c", method: "connect", params });
  expect(await wire.response("c")).toMatchObject({ ok: true, payload: { protocol: 4 } });
  return wire;
}

async function owner(gateway: GatewayProcess): Promise<Wire> {
  const wire = new Wire(gateway.url);
  const { nonce } = await wire.challenge();
  const auth = { token: gateway.token };
  const params = connectParams({ scopes: ["operator.admin"], auth }, nonce);
  wire.send({ type: "req", id: "c", method: "connect", params });
  expect(await wire.response("c")).toMatchObject({ ok: true });
  return wire;
}

let requests = 0;
async function call(wire: Wire, method: string, params: unknown): Promise<Frame> {
  requests += 1;
  const id = `r${requests}`;
  wire.send({ type: "req", id, method, params });
  const { ok, payload, error } = await wire.response(id);
  if (ok !== true) throw new Error(JSON.stringify(error));
  return payload as Frame;
}

describe("published forms of nodes", () => {
  test("[interop:published-node-forms] published validators: take what nodes are asked and told, and what owners are told about them", async () => {
    const applied = new Set<PublishedForm>();
    const check = (form: PublishedForm, value: unknown): void => {
      applied.add(form);
      expect(misfits(form, value), `${form}: ${JSON.stringify(value)}`).toEqual([]);
    };
    await using gateway = await startGatewayProcess();
    await using node = await join(gateway);
    await using admin = await owner(gateway);

    // With params and without, what a node is asked fits.
    const ask = (command: string, more: Frame): void =>
      admin.send({
        type: "req",
        id: `ask${String(more["idempotencyKey"])}`,
        method: "node.invoke",
        params: { nodeId, command, ...more },
      });
    ask("system.which", { params: { bins: ["git"] }, idempotencyKey: "1" });
    ask("system.which", { idempotencyKey: "2" });
    const asked = await node.frames.until((frames) => {
      const found = frames.filter(({ event }) => event === "node.invoke.request");
      return found.length === 2 ? found : undefined;
    });
    for (const { payload } of asked) check("node.invoke.request event", payload);
    expect(asked[1]?.["payload"]).not.toHaveProperty("paramsJSON");

    check("node.event result", await call(node, "node.event", { event: "node.presence.alive", payload: {} }));
    check("node.event result", await call(node, "node.event", { event: "nobody.knows", payload: {} }));
    check("skills.bins result", await call(node, "skills.bins", {}));

    // Work of the published kinds; commands that are left for later are our own addition to it.
    const queued = await call(admin, "node.pending.enqueue", { nodeId, type: "status.request", priority: "high" });
    check("node.pending.enqueue result", queued);
    check("node.pending.drain result", await call(node, "node.pending.drain", {}));

    const code = await call(admin, "device.pair.setupCode", { bootstrapProfile: "node" });
    check("device.pair.setupCode result", code);
    check("device.pair.setupStatus result", await call(admin, "device.pair.setupStatus", { setupId: code["setupId"] }));

    const { policy: _before, ...read } = await call(admin, "exec.approvals.get", {});
    check("exec.approvals snapshot", read);
    const file = { version: 1, defaults: { security: "allowlist", ask: "on-miss" } };
    const { policy: _after, ...written } = await call(admin, "exec.approvals.set", { file, baseHash: read["hash"] });
    check("exec.approvals snapshot", written);
    const reading = call(admin, "exec.approvals.node.get", { nodeId });
    const [request] = await node.frames.until((frames) => {
      const found = frames.filter(
        ({ payload }) => (payload as Frame | undefined)?.["command"] === "system.execApprovals.get",
      );
      return found.length === 1 ? found : undefined;
    });
    const { id } = (request?.["payload"] ?? {}) as { id?: string };
    await call(node, "node.invoke.result", {
      id,
      nodeId,
      ok: true,
      payload: { path: "/p", exists: true, hash: "h", file },
    });
    check("exec.approvals.node snapshot", await reading);
    expect([...applied].sort()).toEqual(Object.keys(PUBLISHED_NODE_FORMS).sort());
  });

  test("[interop:published-node-forms] published validators: what holds on a machine, and whether output is read, are additions of ours that they would not take", async () => {
    await using gateway = await startGatewayProcess();
    const only = (key: string): string[] => [
      `: must not have additional properties ${JSON.stringify({ additionalProperties: [key] })}`,
    ];
    // What holds on a machine, next to its file.
    await using admin = await owner(gateway);
    expect(misfits("exec.approvals snapshot", await call(admin, "exec.approvals.get", {}))).toEqual(only("policy"));
    // That somebody reads output as it comes: only where an operator asked for that.
    await using node = await join(gateway);
    const params = { nodeId, command: "system.which", idempotencyKey: "s", stream: true };
    admin.send({ type: "req", id: "s", method: "node.invoke", params });
    const { payload } = await node.event("node.invoke.request");
    expect(misfits("node.invoke.request event", payload)).toEqual(only("wantsProgress"));
  });
});
