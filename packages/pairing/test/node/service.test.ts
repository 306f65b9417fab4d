import { nativeEngine } from "@saltgate/identity/node";
import { type DocumentStore, MemoryStore, type StateDocument } from "@saltgate/store";
import { expect, test } from "vitest";
import { type NodeDeclaration, type NodeNotice, NodePairing, nodeDocumentShapes } from "../../src/index.ts";

const [admin, pairing] = [{ scopes: ["operator.admin"] }, { scopes: ["operator.pairing"] }];
const shapes = nodeDocumentShapes(nativeEngine.sha256);
const saying = (commands: string[], change: Partial<NodeDeclaration> = {}): NodeDeclaration => ({
  nodeId: "n",
  claims: { commands },
  metadata: { displayName: "Pi", platform: "linux" },
  approvedByDevice: { claims: { commands: ["canvas.hide"], platform: "linux" }, atMs: 500 },
  ...change,
});

/** A process on a store; `calls` counts what it does to the documents. */
async function openOn(store: DocumentStore) {
  const calls = { read: 0, replace: 0 };
  const notices: NodeNotice[] = [];
  const counted = <T>(document: StateDocument<T>): StateDocument<T> => ({
    read: () => {
      calls.read += 1;
      return document.read();
    },
    replace: (value, revision) => {
      calls.replace += 1;
      return document.replace(value, revision);
    },
    changed: (listener) => document.changed?.(listener) ?? (() => {}),
  });
  const clock = { nowMs: 1_000 };
  const process = await NodePairing.open({
    pending: counted(store.document("nodes/pending", shapes.pending)),
    paired: counted(store.document("nodes/paired", shapes.paired)),
    engine: nativeEngine,
    now: () => clock.nowMs,
    listener: (notice) => {
      notices.push(notice);
    },
  });
  return { process, calls, notices, clock };
}

test("[node-pairing:known-is-free] node pairing service: a node that declares what it declared before costs no read and no write", async () => {
  const { process, calls } = await openOn(new MemoryStore());
  await process.declare(saying(["canvas.hide"]));
  await process.list(); // reads what the write reported
  const before = { ...calls };
  for (let connect = 0; connect < 100; connect += 1) {
    expect(await process.declare(saying(["canvas.hide"]))).toMatchObject({ surface: { commands: ["canvas.hide"] } });
  }
  expect(calls).toEqual(before);
});

test("[node-pairing:notices] node pairing service: others hear who asks, what became of it, and whose surface is another one", async () => {
  const { process, notices } = await openOn(new MemoryStore());
  const asked = await process.declare(saying(["canvas.hide", "system.run"]));
  await process.declare(saying(["canvas.hide", "system.run"]));
  const requestId = asked.request?.requestId ?? "";
  await process.approve({ requestId, caller: admin });
  const second = await process.declare(saying(["sms.send"]));
  await process.reject({ requestId: second.request?.requestId ?? "", caller: pairing });
  await process.remove({ nodeId: "n", caller: admin });
  await process.forget("n");
  expect(notices).toEqual([
    { type: "node-requested", request: asked.request },
    { type: "surface-changed", nodeId: "n" },
    { type: "node-resolved", requestId, nodeId: "n", decision: "approved", atMs: 1_000 },
    { type: "node-requested", request: second.request },
    { type: "node-resolved", requestId: second.request?.requestId, nodeId: "n", decision: "rejected", atMs: 1_000 },
    { type: "surface-changed", nodeId: "n" },
  ]);
});

test("[node-pairing:offline-approval] node pairing service: what the command line decides meanwhile reaches a live connection", async () => {
  const store = new MemoryStore();
  const gateway = await openOn(store);
  const { request } = await gateway.process.declare(saying(["system.run"]));
  const cli = await openOn(store);
  await cli.process.approve({ requestId: request?.requestId ?? "", caller: admin });
  gateway.notices.length = 0;
  await gateway.process.refresh();
  expect(gateway.notices.map(({ type }) => type)).toEqual(["surface-changed", "node-resolved"]);
  expect(await gateway.process.declare(saying(["system.run"]))).toMatchObject({
    surface: { commands: ["system.run"] },
  });
  await cli.process.refresh();
  const other = await gateway.process.declare(saying(["sms.send"]));
  gateway.notices.length = 0;
  await cli.process.reject({ requestId: other.request?.requestId ?? "", caller: pairing });
  await gateway.process.refresh();
  expect(gateway.notices).toMatchObject([{ type: "node-resolved", decision: "rejected" }]);
  await cli.process.remove({ nodeId: "n", caller: admin });
  await gateway.process.refresh();
  expect(gateway.notices.slice(1)).toEqual([{ type: "surface-changed", nodeId: "n" }]);
});

test("[node-pairing:no-secrets] [R-19] [R-46] node pairing service: a token is told to its approver once, and stands nowhere", async () => {
  const store = new MemoryStore();
  const { process, notices } = await openOn(store);
  const asked = await process.request({ nodeId: "n", metadata: {} });
  if (asked.type !== "requested") throw new Error(asked.type);
  const approved = await process.approve({ requestId: asked.request.requestId, caller: pairing });
  if (approved.type !== "approved" || approved.token === undefined) throw new Error("no token");
  expect(approved.token).toMatch(/^[A-Za-z0-9_-]{43}$/);
  const file = await store.document("nodes/paired", shapes.paired).read();
  expect(file.value["n"]?.token).toMatch(/^sha256:[0-9a-f]{64}$/);
  const verified = await process.verify({ nodeId: "n", token: approved.token });
  expect(verified).toMatchObject({ ok: true, node: { nodeId: "n" } });
  const shown = JSON.stringify([await process.list(), notices, verified, file.value]);
  expect(shown).not.toContain(approved.token);
  expect(JSON.stringify([await process.list(), notices, verified])).not.toContain("sha256:");
  for (const token of ["", "\ud800", file.value["n"]?.token ?? ""]) {
    expect(await process.verify({ nodeId: "n", token })).toEqual({ ok: false });
  }
  expect(await process.verify({ nodeId: "toString", token: approved.token })).toEqual({ ok: false });
  // What a node declares of itself is no reason for a token, and takes none away.
  const { request } = await process.declare(saying(["sms.send"], { approvedByDevice: undefined }));
  const again = await process.approve({ requestId: request?.requestId ?? "", caller: admin });
  expect(again).not.toHaveProperty("token");
  expect(await process.verify({ nodeId: "n", token: approved.token })).toMatchObject({ ok: true });
  await process.remove({ nodeId: "n", caller: admin });
  expect(await process.verify({ nodeId: "n", token: approved.token })).toEqual({ ok: false });
});

test("[node-pairing:last-connected] node pairing service: connects are written together, when asked", async () => {
  const { process, calls, clock } = await openOn(new MemoryStore());
  await process.declare(saying(["canvas.hide"]));
  const writes = calls.replace;
  for (clock.nowMs = 2_000; clock.nowMs < 2_010; clock.nowMs += 1) process.touch("n");
  process.touch("stranger");
  expect((await process.list()).paired[0]?.lastConnectedAtMs).toBe(2_009);
  expect(calls.replace).toBe(writes);
  await process.close();
  await process.flush();
  expect(calls.replace).toBe(writes + 1);
});

test("[node-pairing:take-over] node pairing service: an older gateway's files are taken over, plain tokens as digests", async () => {
  const plain = "4f0c2a9be1d84b7796c3a1f05d2e8b61";
  const old = {
    nodeId: "n",
    token: plain,
    displayName: "Pi",
    platform: "linux",
    commands: ["canvas.hide"],
    bins: ["git"],
    createdAtMs: 1,
    approvedAtMs: 2,
  };
  const paired = shapes.paired.parse({ n: old });
  expect(JSON.stringify(paired)).not.toContain(plain);
  const store = new MemoryStore();
  const { revision } = await store.document("nodes/paired", shapes.paired).read();
  await store.document("nodes/paired", shapes.paired).replace(paired, revision);
  const { process } = await openOn(store);
  expect(await process.verify({ nodeId: "n", token: plain })).toMatchObject({ ok: true });
  const declared = await process.declare(saying(["canvas.hide"], { approvedByDevice: undefined }));
  expect(declared).toMatchObject({ surface: { commands: ["canvas.hide"] }, change: "none" });
  process.touch("n");
  await process.flush();
  expect((await store.document("nodes/paired", shapes.paired).read()).value["n"]).toMatchObject({ bins: ["git"] });
});

test.each([
  ["a list", []],
  ["a row under another's id", { n: { nodeId: "m", createdAtMs: 1, approvedAtMs: 1 } }],
  ["commands that are no list", { n: { nodeId: "n", commands: "x", createdAtMs: 1, approvedAtMs: 1 } }],
  ["a platform that is no text", { n: { nodeId: "n", platform: 1, createdAtMs: 1, approvedAtMs: 1 } }],
  ["a time that is none", { n: { nodeId: "n", createdAtMs: "1", approvedAtMs: 1 } }],
  ["a removal at no time", { n: { nodeId: "n", createdAtMs: 1, approvedAtMs: 1, removedAtMs: true } }],
])("[node-pairing:corrupt] [R-57] node pairing service: a file with %s is refused", (_, json) => {
  expect(() => shapes.paired.parse(json)).toThrow(TypeError);
});
