import { digestSecret } from "@saltgate/identity";
import { nativeEngine } from "@saltgate/identity/node";
import fc from "fast-check";
import { expect, test } from "vitest";
import { deviceApprovals } from "../../src/device/settlement.ts";
import {
  type AdmitRequest,
  DevicePairing,
  type DevicePairingState,
  deviceDocumentShapes,
  type PairedDevice,
  type PendingDevice,
} from "../../src/index.ts";
import { settled } from "../../src/pairing-state.ts";
import * as processes from "../two-processes.ts";

type Program = processes.Program<DevicePairing>;
const nowMs = 1_000_000;
const shapes = deviceDocumentShapes(nativeEngine.sha256);
const open: processes.Start<DevicePairing> = (store) =>
  DevicePairing.open({
    pending: store.document("devices/pending", shapes.pending),
    paired: store.document("devices/paired", shapes.paired),
    engine: nativeEngine,
    now: () => nowMs,
  });

/** What a process that starts now finds. */
function recovered(disk: processes.Disk): DevicePairingState {
  const pending = disk.read("devices/pending", shapes.pending);
  return settled({ pending, paired: disk.read("devices/paired", shapes.paired) }, deviceApprovals);
}
const everySchedule = (
  { pending, paired }: DevicePairingState,
  programs: readonly Program[],
  maxSwitches: number,
  check: Parameters<typeof processes.everySchedule>[4],
): Promise<number> =>
  processes.everySchedule({ "devices/pending": pending, "devices/paired": paired }, open, programs, maxSwitches, check);

const [read, admin, pairing] = ["operator.read", "operator.admin", "operator.pairing"];
const root = { scopes: [admin, "operator.approvals", pairing] };

function waiting(requestId: string, deviceId: string, scopes: string[]): PendingDevice {
  const row = { requestId, deviceId, publicKey: `key ${deviceId}`, role: "operator", roles: ["operator"], scopes };
  return { ...row, silent: false, isRepair: false, ts: nowMs };
}
function paired(deviceId: string, scopes: string[]): PairedDevice {
  const token = {
    token: digestSecret(nativeEngine.sha256, `token ${deviceId}`),
    role: "operator",
    scopes,
    createdAtMs: 1,
  };
  return {
    deviceId,
    publicKey: `key ${deviceId}`,
    roles: ["operator"],
    scopes,
    tokens: { operator: token },
    createdAtMs: 1,
    approvedAtMs: 1,
  };
}
const asking = (deviceId: string, requestedScopes: string[], change: Partial<AdmitRequest> = {}): AdmitRequest => ({
  deviceId,
  publicKey: `key ${deviceId}`,
  role: "operator",
  requestedScopes,
  isProven: true,
  isSilentEligible: false,
  defaultScopes: root.scopes,
  metadata: {},
  presentedTokens: [],
  ...change,
});

const start: DevicePairingState = {
  pending: { r1: waiting("r1", "new", [read]), r2: { ...waiting("r2", "old", [pairing]), isRepair: true } },
  paired: { old: paired("old", [read]) },
};
const typeOf = (answer: unknown) => (answer as { type: string }).type;
const isLive = (device: PairedDevice | undefined) =>
  device !== undefined && device.tokens["operator"]?.revokedAtMs === undefined;

const approve =
  (requestId: string): Program =>
  async (process, note) =>
    note(await process.approve({ requestId, caller: root }));
const reject =
  (requestId: string): Program =>
  async (process, note) =>
    note(await process.reject({ requestId, caller: root }));
const admit =
  (request: AdmitRequest): Program =>
  async (process, note) =>
    note(await process.admit(request));
const revoke: Program = async (process, note) =>
  note(await process.revoke({ deviceId: "old", role: "operator", caller: root }));
const remove: Program = async (process, note) => note(await process.remove({ deviceId: "old", caller: root }));
const rotate: Program = async (process, note) =>
  note(await process.rotate({ deviceId: "old", role: "operator", caller: root }));

test("[pairing:one-outcome] two processes: approve against reject has one outcome, and a crash leaves waiting or approved", async () => {
  const schedules = await everySchedule(start, [approve("r1"), reject("r1")], 3, ({ answers, disk, dead, trace }) => {
    const state = recovered(disk);
    const isPaired = state.paired["new"] !== undefined;
    const isWaiting = state.pending["r1"] !== undefined;
    const [approved, rejected] = [answers[0]?.map(typeOf)[0], answers[1]?.map(typeOf)[0]];
    expect(isPaired && isWaiting, trace).toBe(false);
    if (approved === "approved") expect(isPaired, trace).toBe(true);
    if (rejected === "rejected") expect(isPaired || isWaiting, trace).toBe(false);
    if (dead === undefined) expect([approved, rejected].sort(), trace).toSatisfy(isOneWinner);
  });
  expect(schedules).toBe(10_903);
});

const isOneWinner = (answers: unknown[]) =>
  ["approved,unknown-request", "rejected,unknown-request"].includes(answers.join());

test("[pairing:one-outcome] two processes: of two approvals of one request one counts", async () => {
  await everySchedule(start, [approve("r1"), approve("r1")], 2, ({ answers, disk, dead, trace }) => {
    const state = recovered(disk);
    const counted = answers.flat().filter((answer) => typeOf(answer) === "approved").length;
    expect(counted, trace).toBeLessThanOrEqual(1);
    if (dead === undefined) expect(counted, trace).toBe(1);
    if (counted > 0) expect(state.paired["new"]?.scopes, trace).toEqual([read]);
    // Wherever it died: the request waits, or its device is paired. Never both, never neither.
    expect(state.paired["new"] !== undefined, trace).toBe(state.pending["r1"] === undefined);
  });
});

test("[pairing:nothing-lost] two processes: an approval and a revocation of another device both stay", async () => {
  await everySchedule(start, [approve("r1"), revoke], 3, ({ answers, disk, trace }) => {
    const state = recovered(disk);
    if (answers[0]!.length > 0) expect(state.paired["new"]?.scopes, trace).toEqual([read]);
    if (answers[1]!.length > 0) expect(isLive(state.paired["old"]), trace).toBe(false);
    expect(state.paired["old"]?.scopes, trace).toEqual([read]);
  });
});

test("[pairing:nothing-lost] two processes: two devices that ask at once both wait", async () => {
  const programs = [admit(asking("x", [read])), admit(asking("y", [admin]))];
  await everySchedule(start, programs, 3, ({ answers, disk, trace }) => {
    const devices = Object.values(recovered(disk).pending).map(({ deviceId }) => deviceId);
    for (const [at, deviceId] of ["x", "y"].entries()) {
      if (answers[at]!.length > 0) expect(devices, trace).toContain(deviceId);
    }
    expect(devices, trace).toEqual(expect.arrayContaining(["new", "old"]));
  });
});

test("[pairing:owner-sees] two processes: a request that grows while it is approved gives what the owner saw", async () => {
  const programs = [approve("r1"), admit(asking("new", [admin]))];
  await everySchedule(start, programs, 3, ({ disk, trace }) => {
    const state = recovered(disk);
    const scopes = state.paired["new"]?.scopes;
    if (scopes !== undefined) expect(scopes, trace).toEqual([read]);
    expect(Object.values(state.pending).filter(({ deviceId }) => deviceId === "new").length, trace).toBeLessThanOrEqual(
      1,
    );
  });
});

test("[pairing:removed-stays] two processes: a removed device isn't brought back by an approval that was under way", async () => {
  await everySchedule(start, [approve("r2"), remove], 3, ({ answers, disk, trace }) => {
    if (answers[1]!.length === 0) return;
    const state = recovered(disk);
    expect(state.paired["old"], trace).toBeUndefined();
    expect(state.pending["r2"], trace).toBeUndefined();
  });
});

test("[pairing:revoked-stays] two processes: a rotation of a live token doesn't undo a revocation", async () => {
  const selfRotate: Program = async (process, note) =>
    note(
      await process.rotate({ deviceId: "old", role: "operator", caller: { deviceId: "old", scopes: [read, pairing] } }),
    );
  await everySchedule(start, [revoke, selfRotate], 3, ({ answers, disk, trace }) => {
    if (answers[0]!.length > 0) expect(isLive(recovered(disk).paired["old"]), trace).toBe(false);
  });
});

test("[pairing:revoke-during-connect] two processes: a device that connects while it is revoked gets no token", async () => {
  const known = { ...start, paired: { old: { ...paired("old", [read]), tokens: {} } } };
  const programs: Program[] = [admit(asking("old", [read])), revoke];
  await everySchedule(known, programs, 3, ({ answers, disk, trace }) => {
    if (answers[1]!.length === 0) return;
    const { old } = recovered(disk).paired;
    const isOpen = old!.roles.includes("operator") && isLive(old);
    expect(isOpen, trace).toBe(false);
  });
});

const operations: Record<string, Program> = {
  approve1: approve("r1"),
  approve2: approve("r2"),
  reject1: reject("r1"),
  reject2: reject("r2"),
  revoke,
  remove,
  rotate,
  widen: admit(asking("new", [admin])),
  silent: admit(asking("own", [], { isSilentEligible: true })),
  stranger: admit(asking("stranger", [read], { isProven: false })),
  known: admit(asking("old", [read], { isProven: false, presentedTokens: ["token old"] })),
  forger: admit(asking("old", [admin], { isProven: false, presentedTokens: ["token new"] })),
};

test("[pairing:crash-safe] two processes: whatever fails or dies at any step, nobody gets more than was allowed", async () => {
  const names = fc.constantFrom(...Object.keys(operations));
  const script = fc.array(names, { minLength: 1, maxLength: 4 });
  const step = fc.constantFrom<processes.Step>(
    "go",
    "go",
    "go",
    "go",
    "go",
    "die",
    "fail-before-write",
    "fail-after-write",
  );
  const choices = fc.array(fc.tuple(fc.nat(2), step), { maxLength: 80 });
  await fc.assert(
    fc.asyncProperty(script, script, script, choices, async (one, two, three, plan) => {
      const disk = new processes.Disk({ "devices/pending": start.pending, "devices/paired": start.paired });
      const programs = [one, two, three].map(
        (list): Program =>
          async (process, note) => {
            for (const name of list) await operations[name]!(process, (answer) => note([name, answer]));
          },
      );
      let at = 0;
      const run = await processes.runTogether(disk, open, programs, (ready, isWrite) => {
        const [which, how] = plan[at] ?? [0, "go"];
        at += 1;
        const process = ready[which % ready.length]!;
        return [process, how === "die" || isWrite(process) ? how : "go"];
      });
      const state = recovered(disk);
      const tried = new Set([...one, ...two, ...three]);
      const answers = run.answers.flat() as [string, { type: string }][];
      const done = (name: string) =>
        answers.some(
          ([other, { type }]) =>
            other === name && !["unknown-request", "unknown-device", "refused", "forbidden"].includes(type),
        );

      // Nobody is there whom nobody let in, and nobody has more than that.
      if (!tried.has("approve1")) expect(state.paired["new"]).toBeUndefined();
      if (!tried.has("silent")) expect(state.paired["own"]).toBeUndefined();
      expect(state.paired["stranger"]).toBeUndefined();
      expect(state.paired["new"]?.scopes ?? [read]).toEqual([read]);
      const most = tried.has("approve2") ? [pairing, read] : [read];
      for (const scope of state.paired["old"]?.scopes ?? []) expect(most).toContain(scope);
      for (const device of Object.values(state.paired)) {
        for (const token of Object.values(device.tokens)) {
          if (token.revokedAtMs !== undefined) continue;
          for (const scope of token.scopes) expect(device.scopes).toContain(scope);
        }
      }
      const rows = Object.values(state.pending).map(({ deviceId }) => deviceId);
      expect(new Set(rows).size).toBe(rows.length);
      // What was acknowledged is there, unless something that was tried takes it back.
      if (done("approve1")) expect(state.paired["new"]).toBeDefined();
      if (done("silent")) expect(state.paired["own"]).toBeDefined();
      if (done("remove") && !tried.has("approve2")) expect(state.paired["old"]).toBeUndefined();
      if (done("revoke") && !tried.has("rotate") && !tried.has("approve2"))
        expect(isLive(state.paired["old"])).toBe(false);
      for (const [name, answer] of answers) if (name === "forger") expect(answer.type).toBe("refused");
    }),
    { numRuns: 600 },
  );
});
