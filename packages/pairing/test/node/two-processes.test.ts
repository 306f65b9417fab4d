import { nativeEngine } from "@saltgate/identity/node";
import { expect, test } from "vitest";
import {
  type NodeNotice,
  NodePairing,
  type NodePairingState,
  nodeDocumentShapes,
  nodeTokenMatches,
  type PendingNode,
} from "../../src/index.ts";
import { nodeApprovals } from "../../src/node/approval.ts";
import { settled } from "../../src/pairing-state.ts";
import { type Disk, everySchedule, type Program, type Start } from "../two-processes.ts";

const admin = { scopes: ["operator.admin"] };
const nowMs = 1_000_000;
const shapes = nodeDocumentShapes(nativeEngine.sha256);
let notices: NodeNotice[] = [];
const open: Start<NodePairing> = (store) =>
  NodePairing.open({
    pending: store.document("nodes/pending", shapes.pending),
    paired: store.document("nodes/paired", shapes.paired),
    engine: nativeEngine,
    now: () => nowMs,
    listener: (notice) => {
      notices.push(notice);
    },
  });

/** What a process that starts now finds. */
function recovered(disk: Disk): NodePairingState {
  const pending = disk.read("nodes/pending", shapes.pending);
  return settled({ pending, paired: disk.read("nodes/paired", shapes.paired) }, nodeApprovals);
}

function waiting(requestId: string, nodeId: string, change: Partial<PendingNode>): PendingNode {
  return { requestId, nodeId, silent: false, isRepair: false, ts: nowMs, ...change };
}
const files = {
  "nodes/pending": {
    r1: waiting("r1", "old", { commands: ["system.run"] }),
    r2: waiting("r2", "n", { commands: ["system.run"], declared: true }),
  },
  "nodes/paired": {},
};
const typeOf = (answer: unknown) => (answer as { type: string }).type;
const approve =
  (requestId: string): Program<NodePairing> =>
  async (process, note) =>
    note(await process.approve({ requestId, caller: admin }));
const reject =
  (requestId: string): Program<NodePairing> =>
  async (process, note) =>
    note(await process.reject({ requestId, caller: admin }));
const declare =
  (...commands: string[]): Program<NodePairing> =>
  async (process, note) =>
    note(await process.declare({ nodeId: "n", claims: { commands }, metadata: {} }));
const forget: Program<NodePairing> = async (process, note) => {
  await process.forget("n");
  note({ type: "forgotten" });
};

test("[node-pairing:one-outcome] two processes: approve against reject of a node has one outcome, and a crash leaves waiting or approved", async () => {
  for (const [requestId, nodeId] of [
    ["r1", "old"],
    ["r2", "n"],
  ] as const) {
    const schedules = await everySchedule(files, open, [approve(requestId), reject(requestId)], 2, (run) => {
      const { answers, disk, dead, trace } = run;
      const state = recovered(disk);
      const isApproved = state.paired[nodeId] !== undefined;
      const row = state.pending[requestId];
      const isWaiting = row !== undefined && row.rejectedAtMs === undefined;
      const types = [answers[0]?.map(typeOf)[0], answers[1]?.map(typeOf)[0]];
      expect(isApproved && isWaiting, trace).toBe(false);
      if (types[0] === "approved") expect(isApproved, trace).toBe(true);
      if (types[1] === "rejected") expect(isApproved || isWaiting, trace).toBe(false);
      if (dead === undefined) {
        expect(["approved,unknown-request", "rejected,unknown-request"], trace).toContain(types.sort().join());
      }
    });
    expect(schedules).toBeGreaterThan(500);
  }
});

test("[node-pairing:one-outcome] two processes: of two approvals one counts, and its token is the one that is good", async () => {
  await everySchedule(files, open, [approve("r1"), approve("r1")], 2, ({ answers, disk, dead, trace }) => {
    const { paired } = recovered(disk);
    const approved = answers.flat().filter((answer) => typeOf(answer) === "approved") as { token: string }[];
    if (dead === undefined) expect(approved, trace).toHaveLength(1);
    for (const { token } of approved) {
      const digest = `sha256:${Buffer.from(nativeEngine.sha256(Buffer.from(token))).toString("hex")}` as const;
      expect(nodeTokenMatches(paired["old"], digest), trace).toBe(true);
    }
  });
});

test("[node-pairing:owner-sees] two processes: a node that declares more while it is approved gets what its owner saw", async () => {
  await everySchedule(files, open, [approve("r2"), declare("system.run", "sms.send")], 2, ({ disk, trace }) => {
    const { paired, pending } = recovered(disk);
    if (paired["n"] !== undefined) expect(paired["n"].commands, trace).toEqual(["system.run"]);
    expect(Object.values(pending).filter(({ nodeId }) => nodeId === "n").length, trace).toBeLessThanOrEqual(1);
  });
});

test("[node-pairing:removed-stays] two processes: nothing stays of a node that is forgotten while it is approved", async () => {
  await everySchedule(files, open, [approve("r2"), forget], 3, ({ answers, disk, trace }) => {
    if (answers[1]!.length === 0) return;
    const { paired, pending } = recovered(disk);
    expect(paired["n"], trace).toBeUndefined();
    expect(pending["r2"], trace).toBeUndefined();
  });
});

test("[node-pairing:notices] two processes: a request that is decided again because another wrote first is told all the same", async () => {
  const seeding: Program<NodePairing> = async (process, note) =>
    note(
      await process.declare({
        nodeId: "new",
        claims: { commands: ["system.run"] },
        metadata: {},
        approvedByDevice: { claims: {}, atMs: 1 },
      }),
    );
  await everySchedule(files, open, [seeding, approve("r1")], 2, ({ answers, dead, trace }) => {
    const [declared] = answers[0] as { change: string; request?: { requestId: string } }[];
    if (dead === undefined) expect(declared, trace).toMatchObject({ change: "created" });
    const told = notices.filter((notice) => notice.type === "node-requested" && notice.request.nodeId === "new");
    if (declared !== undefined) expect(told, trace).toHaveLength(1);
    notices = [];
  });
});
