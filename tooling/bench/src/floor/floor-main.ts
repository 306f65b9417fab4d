// The floor: what bare Node with bare `ws` needs for the same work. It reads the same requests and sends answers and
// events of the same size, and does nothing else: no checks, no signatures, no scopes, no state.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { type WebSocket, WebSocketServer } from "ws";

interface Row {
  readonly ts: number;
  readonly [key: string]: unknown;
}

const self = (): Row => ({
  host: "floor",
  ip: "127.0.0.1",
  version: "0.0.0",
  platform: "linux 6.1.0",
  deviceFamily: "Linux",
  modelIdentifier: "x64",
  mode: "gateway",
  reason: "self",
  text: "Gateway: floor (127.0.0.1) · app 0.0.0 · mode gateway · reason self",
  ts: Date.now(),
});

const rows = new Map<string, Row>();
const presence = (): Row[] => [self(), ...rows.values()].sort((a, b) => b.ts - a.ts);
const health = (): object => ({
  ok: true,
  ts: Date.now(),
  durationMs: 0,
  version: "0.0.0",
  phase: "ready",
  memory: { rssBytes: 100_000_000, bufferedBytes: 0 },
  connections: { operators: clients.size, nodes: 0 },
  channels: {},
  channelOrder: [],
  channelLabels: {},
  heartbeatSeconds: 0,
  defaultAgentId: "main",
  agents: [],
  sessions: { path: "", count: 0, recent: [] },
});

const methods = Array.from({ length: 12 }, (_, index) => `some.method.name.${index}`);
const clients = new Set<WebSocket>();

interface Node {
  readonly socket: WebSocket;
  readonly row: object;
}
const nodes = new Map<string, Node>();
/** Who waits for the answer to an invocation, by its id. */
const waiting = new Map<unknown, { readonly socket: WebSocket; readonly id: unknown; readonly about: object }>();

/** A row of the size that a node has in a list. */
function nodeRow(nodeId: string, { client, caps, commands }: Record<string, unknown>): object {
  const ts = Date.now();
  const { platform, version } = client as Record<string, unknown>;
  const seen = { lastSeenAtMs: ts, lastSeenReason: "alive" };
  const here = { connectedAtMs: ts, paired: true, connected: true };
  return { caps, commands, platform, version, remoteIp: "127.0.0.1", nodeId, ...seen, ...here };
}

/** Sends what an operator asks to the node that it asks for. */
function relayInvoke(socket: WebSocket, id: unknown, params: Record<string, unknown>): void {
  const { nodeId, command, params: given, idempotencyKey } = params;
  const invocationId = randomUUID();
  waiting.set(invocationId, { socket, id, about: { nodeId, command } });
  const payload = { nodeId, command, paramsJSON: JSON.stringify(given), timeoutMs: 30_000, idempotencyKey };
  nodes
    .get(String(nodeId))
    ?.socket.send(
      JSON.stringify({ type: "event", event: "node.invoke.request", payload: { id: invocationId, ...payload } }),
    );
}

/** Sends what a node answers to the operator that waits for it. */
function relayResult({ id, payloadJSON }: Record<string, unknown>): void {
  const asked = waiting.get(id);
  waiting.delete(id);
  const payload = { ok: true, ...asked?.about, payload: JSON.parse(String(payloadJSON)), payloadJSON };
  asked?.socket.send(JSON.stringify({ type: "res", id: asked.id, ok: true, payload }));
}

/** Once per event, as a broadcast without numbers can be. */
function broadcast(event: string, payload: unknown): void {
  const text = JSON.stringify({ type: "event", event, payload, seq: 1, stateVersion: { presence: 1, health: 1 } });
  for (const client of clients) client.send(text);
}

const http = createServer((_request, response) => response.writeHead(404).end());
const server = new WebSocketServer({
  server: http,
  perMessageDeflate: false,
  maxPayload: 26_214_400,
  clientTracking: false,
});

server.on("connection", (socket) => {
  const answer = (id: unknown, payload: unknown): void =>
    socket.send(JSON.stringify({ type: "res", id, ok: true, payload }));
  socket.on("error", () => socket.terminate());
  socket.on("close", () => clients.delete(socket));
  socket.on("message", (data: Buffer) => {
    let frame: { id: unknown; method: string; params?: Record<string, unknown> };
    try {
      frame = JSON.parse(data.toString("utf8"));
    } catch {
      socket.close(1000);
      return;
    }
    const { id, method, params = {} } = frame;
    if (method === "connect") {
      clients.add(socket);
      const device = params["device"] as { id: string } | undefined;
      if (params["role"] === "node" && device) nodes.set(device.id, { socket, row: nodeRow(device.id, params) });
      answer(id, {
        type: "hello-ok",
        protocol: 4,
        server: { version: "0.0.0", connId: randomUUID() },
        features: { methods, events: ["tick", "presence", "health", "shutdown"], capabilities: [] },
        snapshot: { presence: presence(), health: {}, stateVersion: { presence: 1, health: 1 }, uptimeMs: 1 },
        auth: { role: "operator", scopes: ["operator.admin"] },
        policy: { maxPayload: 26_214_400, maxBufferedBytes: 52_428_800, tickIntervalMs: 15_000 },
      });
    } else if (method === "health") {
      const summary = health();
      if (params["probe"] === true) broadcast("health", summary);
      answer(id, summary);
    } else if (method === "system-presence") answer(id, presence());
    else if (method === "system-event") {
      const key = String(params["deviceId"]);
      rows.set(key, { ...rows.get(key), ...params, ts: Date.now() });
      broadcast("presence", { presence: presence() });
      answer(id, { ok: true });
    } else if (method === "node.invoke") relayInvoke(socket, id, params);
    else if (method === "node.invoke.result") {
      relayResult(params);
      answer(id, { ok: true });
    } else if (method === "node.list") answer(id, { ts: Date.now(), nodes: [...nodes.values()].map(({ row }) => row) });
    else answer(id, {});
  });
  socket.send(
    JSON.stringify({ type: "event", event: "connect.challenge", payload: { nonce: randomUUID(), ts: Date.now() } }),
  );
});

http.listen({ port: 0, host: "127.0.0.1" }, () => {
  const address = http.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  process.stdout.write(`${JSON.stringify({ msg: "listening", port })}\n`);
});
