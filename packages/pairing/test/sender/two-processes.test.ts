import { nativeEngine } from "@saltgate/identity/node";
import { expect, test } from "vitest";
import { SenderPairing, senderDocumentShapes } from "../../src/index.ts";
import { type Disk, everySchedule, type Program, type Start } from "../two-processes.ts";

const nowMs = Date.parse("2026-03-01T10:00:00.000Z");
const telegram = { channel: "telegram" };
const shapes = senderDocumentShapes("telegram");
const open: Start<SenderPairing> = (store) => SenderPairing.open({ store, engine: nativeEngine, now: () => nowMs });
const seen = { createdAt: "2026-03-01T09:59:00.000Z", lastSeenAt: "2026-03-01T09:59:00.000Z" };
const files = {
  "credentials/telegram-pairing": {
    version: 1,
    requests: [
      { id: "1", code: "ABCD2345", ...seen },
      { id: "2", code: "ABCD2346", ...seen },
    ],
  },
  "credentials/telegram-allowFrom": { version: 1, allowFrom: ["9"] },
};
const waitingOn = (disk: Disk) =>
  disk.read("credentials/telegram-pairing", shapes.pending).requests.map(({ id }) => id);
const allowedOn = (disk: Disk) => disk.read("credentials/telegram-allowFrom", shapes.allowFrom).allowFrom;
const approve: Program<SenderPairing> = async (senders, note) =>
  note((await senders.approve({ ...telegram, code: "ABCD2345" })) ?? "unknown");
const upsert =
  (id: string): Program<SenderPairing> =>
  async (senders, note) =>
    note(await senders.upsert({ ...telegram, id }));

test("[senders:crash-safe] two processes: who approves and hears that it is done has let the sender in, wherever a process dies", async () => {
  const schedules = await everySchedule(files, open, [approve, approve], 3, ({ answers, disk, dead, trace }) => {
    const approved = answers.flat().filter((answer) => answer !== "unknown");
    expect(allowedOn(disk).includes("1") || waitingOn(disk).includes("1"), trace).toBe(true);
    expect(allowedOn(disk), trace).toContain("9");
    if (approved.length > 0) expect(allowedOn(disk), trace).toContain("1");
    if (dead === undefined) {
      expect(approved.length, trace).toBeGreaterThan(0);
      expect(waitingOn(disk), trace).toEqual(["2"]);
    }
  });
  expect(schedules).toBeGreaterThan(100);
});

test("[senders:crash-safe] two processes: a sender that writes while it is approved stays approved", async () => {
  await everySchedule(files, open, [approve, upsert("1")], 3, ({ answers, disk, trace }) => {
    if (answers[0]!.length > 0) expect(answers[0], trace).toMatchObject([{ id: "1" }]);
    if (answers[0]!.length > 0) expect(allowedOn(disk), trace).toEqual(["9", "1"]);
    expect(waitingOn(disk), trace).toContain("2");
  });
});

test("[senders:nothing-lost] two processes: of two senders that write at once one gets the last place, and both lists stay whole", async () => {
  await everySchedule(files, open, [upsert("3"), upsert("4")], 3, ({ answers, disk, dead, trace }) => {
    expect(waitingOn(disk).length, trace).toBeLessThanOrEqual(3);
    expect(waitingOn(disk).slice(0, 2), trace).toEqual(["1", "2"]);
    for (const [at, id] of ["3", "4"].entries()) {
      const [answer] = answers[at] as { created: boolean }[];
      if (answer !== undefined) expect(waitingOn(disk).includes(id), trace).toBe(answer.created);
    }
    if (dead === undefined) expect(waitingOn(disk), trace).toHaveLength(3);
  });
});

test("[senders:nothing-lost] two processes: letting one in and shutting another out at once do both", async () => {
  const shutOut: Program<SenderPairing> = async (senders, note) =>
    note(await senders.removeAllow({ ...telegram, id: "9" }));
  await everySchedule(files, open, [approve, shutOut], 3, ({ answers, disk, trace }) => {
    if (answers[0]!.length > 0) expect(allowedOn(disk), trace).toContain("1");
    if (answers[1]!.length > 0) expect(allowedOn(disk), trace).not.toContain("9");
  });
});
