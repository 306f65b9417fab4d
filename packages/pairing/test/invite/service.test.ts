import { nativeEngine } from "@saltgate/identity/node";
import { MemoryStore } from "@saltgate/store";
import { expect, test } from "vitest";
import { DeviceInvites, deviceInvitesShape } from "../../src/index.ts";
import { everySchedule, type Program, type Start } from "../two-processes.ts";

const [admin, pairing] = [{ scopes: ["operator.admin"] }, { scopes: ["operator.pairing"] }];
const read = "operator.read";

async function createWorld(ttlMs?: number) {
  const clock = { nowMs: 1_000 };
  const document = new MemoryStore().document("devices/invites", deviceInvitesShape);
  const options = { document, engine: nativeEngine, now: () => clock.nowMs };
  const invites = await DeviceInvites.open({ ...options, ...(ttlMs !== undefined && { ttlMs }) });
  const create = async (scopes = [read]) => {
    const made = await invites.create({ role: "operator", scopes, caller: admin, label: "Phone" });
    if (made.type !== "created") throw new Error(made.type);
    return made;
  };
  const use = (code: string, name: string, change: { role?: string; requestedScopes?: string[] } = {}) =>
    invites.redeem({ code, deviceId: name, publicKey: `key of ${name}`, role: "operator", ...change });
  return { clock, document, invites, create, use };
}

test("[invites:one-key] [R-28] invites: the first key that uses a code is the only one, until its device is paired", async () => {
  const { invites, create, use, clock } = await createWorld();
  const { code, inviteId, expiresAtMs } = await create();
  expect(code).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(expiresAtMs).toBe(601_000);
  expect(await use(code, "phone")).toEqual({
    type: "redeemed",
    inviteId,
    role: "operator",
    scopes: [read],
    isFirst: true,
  });
  expect(await use(code, "thief")).toEqual({ type: "refused", reason: "used" });
  expect(await use(code, "phone")).toMatchObject({ type: "redeemed", isFirst: false });
  expect(await invites.complete({ inviteId, deviceId: "thief" })).toEqual({ type: "refused", reason: "used" });
  clock.nowMs = 5_000;
  expect(await invites.complete({ inviteId, deviceId: "phone", displayName: "Mina's phone" })).toMatchObject({
    type: "completed",
  });
  expect(await use(code, "phone")).toEqual({ type: "refused", reason: "completed" });
  expect(await invites.status(inviteId)).toEqual({
    inviteId,
    role: "operator",
    scopes: [read],
    label: "Phone",
    createdAtMs: 1_000,
    expiresAtMs,
    status: "completed",
    deviceId: "phone",
    completed: { deviceId: "phone", displayName: "Mina's phone", atMs: 5_000 },
  });
  clock.nowMs = 5_000 + 3_600_001;
  expect(await invites.status(inviteId)).toBeUndefined();
});

test("[invites:bounds] [R-28] invites: a code gives its role and what its owner named, and less when less is asked for", async () => {
  const { create, use } = await createWorld();
  const { code } = await create(["operator.write"]);
  expect(await use(code, "phone", { requestedScopes: ["operator.admin"] })).toEqual({
    type: "refused",
    reason: "scopes",
  });
  expect(await use(code, "phone", { role: "node" })).toEqual({ type: "refused", reason: "role" });
  expect(await use("nonsense", "phone")).toEqual({ type: "refused", reason: "unknown" });
  // None of these has bound it.
  expect(await use(code, "tablet", { requestedScopes: [read] })).toMatchObject({ scopes: [read], isFirst: true });
});

test("[invites:expire] [R-28] invites: a code lives ten minutes at most", async () => {
  for (const [asked, ttlMs] of [
    [undefined, 600_000],
    [9_000_000, 600_000],
    [1_000, 1_000],
  ] as const) {
    const { create, use, clock, invites } = await createWorld(asked);
    const { code, inviteId } = await create();
    clock.nowMs += ttlMs - 1;
    expect(await use(code, "phone")).toMatchObject({ type: "redeemed" });
    clock.nowMs += 1;
    expect(await use(code, "phone")).toEqual({ type: "refused", reason: "expired" });
    expect(await invites.status(inviteId)).toMatchObject({ status: "expired" });
    expect(await invites.complete({ inviteId, deviceId: "phone" })).toMatchObject({ type: "completed" });
  }
});

test("[invites:owner-only] [R-28] invites: only an admin makes and ends codes, for scopes that exist, and thirty-two at once", async () => {
  const { invites, create, use } = await createWorld();
  const order = { role: "operator", scopes: [read] } as const;
  expect(await invites.create({ ...order, caller: pairing })).toMatchObject({
    type: "forbidden",
    scopes: ["operator.admin"],
  });
  expect(await invites.create({ ...order, scopes: ["operator.root"], caller: admin })).toMatchObject({
    reason: "unknown-scope",
  });
  expect(await invites.create({ role: "node", scopes: [read], caller: admin })).toMatchObject({ reason: "scopes" });
  const made = [];
  for (let at = 0; at < 32; at += 1) made.push(await create());
  expect(new Set(made.map(({ code }) => code)).size).toBe(32);
  expect(await invites.create({ ...order, caller: admin })).toEqual({ type: "refused", reason: "too-many" });
  const { code, inviteId } = made[0]!;
  expect(await invites.revoke({ inviteId, caller: pairing })).toMatchObject({ type: "forbidden" });
  expect(await invites.revoke({ inviteId, caller: admin })).toEqual({ type: "revoked", inviteId });
  expect(await use(code, "phone")).toEqual({ type: "refused", reason: "unknown" });
  expect(await invites.create({ ...order, caller: admin })).toMatchObject({ type: "created" });
});

test("[invites:no-secrets] [R-28] invites: the file and every answer but the first hold no code", async () => {
  const { document, invites, create, use } = await createWorld();
  const { code, inviteId } = await create();
  const answers = [await use(code, "phone"), await invites.list(), await invites.status(inviteId)];
  const { value } = await document.read();
  expect(JSON.stringify([answers, value])).not.toContain(code);
  expect(JSON.stringify(answers)).not.toContain("sha256:");
  // The digest that stands in the file is no code.
  expect(await use(value[inviteId]?.code ?? "", "thief")).toEqual({ type: "refused", reason: "unknown" });
});

test.each([
  ["a code in clear", { code: "abc" }],
  ["no end", { expiresAtMs: null }],
  ["scopes that are no list", { scopes: "operator.admin" }],
  ["a key that is none", { boundTo: { deviceId: "a" } }],
])("[invites:corrupt] [R-57] invites: a row with %s refuses the file", (_, change) => {
  const row = {
    inviteId: "i",
    code: `sha256:${"0".repeat(64)}`,
    role: "node",
    scopes: [],
    createdAtMs: 1,
    expiresAtMs: 2,
  };
  expect(deviceInvitesShape.parse({ i: row })).toEqual({ i: row });
  expect(() => deviceInvitesShape.parse({ i: { ...row, ...change } })).toThrow(TypeError);
});

test("[invites:one-winner] [R-28] invites: of two devices that use a code at once exactly one gets in, wherever a process dies", async () => {
  const { document, create } = await createWorld();
  const { code, inviteId } = await create();
  const files = { "devices/invites": (await document.read()).value };
  const open: Start<DeviceInvites> = (store) =>
    DeviceInvites.open({
      document: store.document("devices/invites", deviceInvitesShape),
      engine: nativeEngine,
      now: () => 2_000,
    });
  const device =
    (deviceId: string): Program<DeviceInvites> =>
    async (invites, note) => {
      note(await invites.redeem({ code, deviceId, publicKey: deviceId, role: "operator" }));
      note(await invites.complete({ inviteId, deviceId }));
    };
  const schedules = await everySchedule(
    files,
    open,
    [device("a"), device("b")],
    3,
    ({ answers, disk, dead, trace }) => {
      const wins = answers.flat().filter((answer) => (answer as { type: string }).type === "redeemed");
      expect(wins.length, trace).toBeLessThanOrEqual(1);
      if (dead === undefined) expect(wins, trace).toHaveLength(1);
      const winner = ["a", "b"].find(
        (_, at) => (answers[at]?.[0] as { type?: string } | undefined)?.type === "redeemed",
      );
      const row = disk.read("devices/invites", deviceInvitesShape)[inviteId];
      if (winner !== undefined) expect(row?.boundTo?.deviceId, trace).toBe(winner);
    },
  );
  expect(schedules).toBeGreaterThan(100);
});
