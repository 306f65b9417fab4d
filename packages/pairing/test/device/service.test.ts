import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nativeEngine } from "@saltgate/identity/node";
import { type DocumentStore, FileStore, MemoryStore, type StateDocument } from "@saltgate/store";
import { expect, onTestFinished, test } from "vitest";
import { type AdmitRequest, DevicePairing, deviceDocumentShapes, type PairingNotice } from "../../src/index.ts";

const [read, admin, pairing] = ["operator.read", "operator.admin", "operator.pairing"];
const root = { scopes: [admin, "operator.approvals", pairing] };
const shapes = deviceDocumentShapes(nativeEngine.sha256);

function asking(change: Partial<AdmitRequest> = {}): AdmitRequest {
  const base = {
    deviceId: "phone",
    publicKey: "key",
    role: "operator",
    requestedScopes: [read],
    isProven: true,
  } as const;
  return { ...base, presentedTokens: [], isSilentEligible: false, defaultScopes: root.scopes, metadata: {}, ...change };
}

/** A process on a store; `calls` counts what it does to the documents. */
async function openOn(store: DocumentStore, options: { canWatch?: boolean; nowMs?: number } = {}) {
  const calls = { read: 0, replace: 0 };
  const notices: PairingNotice[] = [];
  const counted = <T>(document: StateDocument<T>): StateDocument<T> => ({
    read: () => {
      calls.read += 1;
      return document.read();
    },
    replace: (value, revision) => {
      calls.replace += 1;
      return document.replace(value, revision);
    },
    ...(options.canWatch === false
      ? {}
      : { changed: (listener: () => void) => document.changed?.(listener) ?? (() => {}) }),
  });
  const clock = { nowMs: options.nowMs ?? 1_000 };
  const process = await DevicePairing.open({
    pending: counted(store.document("devices/pending", shapes.pending)),
    paired: counted(store.document("devices/paired", shapes.paired)),
    engine: nativeEngine,
    now: () => clock.nowMs,
    listener: (notice) => {
      notices.push(notice);
    },
  });
  return { process, calls, notices, clock };
}

/** Pairs `phone` and returns its token. */
async function pair(process: DevicePairing, scopes = [read]): Promise<string> {
  const asked = await process.admit(asking({ requestedScopes: scopes }));
  if (asked.type !== "pairing-required") throw new Error(asked.type);
  await process.approve({ requestId: asked.request.requestId, caller: root });
  const admitted = await process.admit(asking({ requestedScopes: scopes }));
  if (admitted.type !== "admitted" || admitted.deviceToken === undefined) throw new Error(admitted.type);
  return admitted.deviceToken;
}

async function createFolder() {
  const folder = await mkdtemp(join(tmpdir(), "saltgate-pairing-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

test("[pairing:files] pairing service: the files have the documented shape, are private, and hold no secret", async () => {
  const folder = await createFolder();
  const store = new FileStore({ directory: folder });
  onTestFinished(() => store.close());
  const { process } = await openOn(store);
  const token = await pair(process);
  expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
  const file = join(folder, "devices/paired.json");
  const text = await readFile(file, "utf8");
  expect(text).not.toContain(token);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(JSON.parse(text)).toEqual({
    phone: {
      deviceId: "phone",
      publicKey: "key",
      role: "operator",
      roles: ["operator"],
      scopes: [read],
      tokens: {
        operator: {
          token: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
          role: "operator",
          scopes: [read],
          createdAtMs: 1_000,
        },
      },
      createdAtMs: 1_000,
      approvedAtMs: 1_000,
      approvedRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    },
  });
  expect(JSON.parse(await readFile(join(folder, "devices/pending.json"), "utf8"))).toEqual({});
});

test("[pairing:take-over] pairing service: an older gateway's files are taken over, plain tokens as digests", async () => {
  const folder = await createFolder();
  await mkdir(join(folder, "devices"));
  const plain = "4f0c2a9be1d84b7796c3a1f05d2e8b61";
  const legacy = {
    phone: {
      deviceId: "phone",
      publicKey: "key",
      role: "operator",
      scopes: [read],
      tokens: { operator: { token: plain, role: "operator", scopes: [read], createdAtMs: 1, lastUsedAtMs: 2, x: 1 } },
      createdAtMs: 1,
      approvedAtMs: 1,
      browserOrigin: "kept",
    },
  };
  await writeFile(join(folder, "devices/paired.json"), JSON.stringify(legacy));
  const store = new FileStore({ directory: folder });
  onTestFinished(() => store.close());
  const { process } = await openOn(store);
  const admitted = await process.admit(asking({ isProven: false, presentedTokens: [plain] }));
  expect(admitted).toMatchObject({ type: "admitted", isTokenUsed: true });
  await process.flush();
  const text = await readFile(join(folder, "devices/paired.json"), "utf8");
  expect(text).not.toContain(plain);
  const { phone } = JSON.parse(text);
  expect(phone).toMatchObject({ browserOrigin: "kept", tokens: { operator: { x: 1, lastUsedAtMs: 1_000 } } });
  // A digest that leaked from the file opens nothing.
  const { token } = phone.tokens.operator;
  expect(await process.admit(asking({ isProven: false, presentedTokens: [token] }))).toMatchObject({ type: "refused" });
});

test.each([
  ["cut", '{"phone": {"dev'],
  ["a list", "[]"],
  ["a row under another's id", '{"phone":{"deviceId":"laptop","publicKey":"k","createdAtMs":1,"approvedAtMs":1}}'],
  [
    "scopes that are no list",
    '{"phone":{"deviceId":"phone","publicKey":"k","scopes":"x","createdAtMs":1,"approvedAtMs":1}}',
  ],
  ["a time that is none", '{"phone":{"deviceId":"phone","publicKey":"k","createdAtMs":"1","approvedAtMs":1}}'],
])(
  "[pairing:corrupt] [R-57] pairing service: a file that is %s lets nobody in and isn't overwritten",
  async (_, text) => {
    const folder = await createFolder();
    await mkdir(join(folder, "devices"));
    await writeFile(join(folder, "devices/paired.json"), text);
    const store = new FileStore({ directory: folder });
    onTestFinished(() => store.close());
    await expect(openOn(store)).rejects.toMatchObject({ code: "corrupt" });
    expect(await readFile(join(folder, "devices/paired.json"), "utf8")).toBe(text);
  },
);

test("[pairing:known-device-is-free] pairing service: a known device comes in without a read or a write", async () => {
  const { process, calls } = await openOn(new MemoryStore(), { canWatch: false });
  const token = await pair(process);
  await process.admit(asking({ isProven: false, presentedTokens: [token] }));
  const before = { ...calls };
  for (let connect = 0; connect < 100; connect += 1) {
    const admitted = await process.admit(asking({ isProven: false, presentedTokens: [token] }));
    expect(admitted).toMatchObject({ type: "admitted", scopes: [read] });
    expect(admitted).not.toHaveProperty("deviceToken");
  }
  expect(calls).toEqual(before);
});

test("[pairing:last-used] pairing service: uses are written together, when asked", async () => {
  const { process, calls, clock } = await openOn(new MemoryStore());
  const token = await pair(process);
  const writes = calls.replace;
  for (clock.nowMs = 2_000; clock.nowMs < 2_010; clock.nowMs += 1) {
    await process.admit(asking({ isProven: false, presentedTokens: [token] }));
  }
  expect((await process.list()).paired[0]?.tokens[0]?.lastUsedAtMs).toBe(2_009);
  expect(calls.replace).toBe(writes);
  await process.flush();
  await process.flush();
  expect(calls.replace).toBe(writes + 1);
  await process.close();
});

test("[pairing:offline-approval] pairing service: what the command line approves meanwhile counts at the next connect", async () => {
  for (const canWatch of [true, false]) {
    const store = new MemoryStore();
    const gateway = await openOn(store, { canWatch });
    const asked = await gateway.process.admit(asking());
    if (asked.type !== "pairing-required") throw new Error(asked.type);
    const cli = await openOn(store);
    await cli.process.approve({ requestId: asked.request.requestId, caller: root });
    expect(await gateway.process.admit(asking())).toMatchObject({ type: "admitted", isTokenIssued: true });
    expect(gateway.notices.map(({ type }) => type)).toEqual(["requested", "resolved"]);
  }
});

test("[pairing:offline-revocation] [R-16] pairing service: what the command line revokes ends live connections at a refresh", async () => {
  const store = new MemoryStore();
  const gateway = await openOn(store, { canWatch: false });
  const token = await pair(gateway.process);
  const cli = await openOn(store);
  await cli.process.revoke({ deviceId: "phone", role: "operator", caller: root });
  gateway.notices.length = 0;
  await gateway.process.refresh();
  expect(gateway.notices).toEqual([{ type: "close-sockets", deviceId: "phone", role: "operator" }]);
  expect(await gateway.process.admit(asking({ isProven: false, presentedTokens: [token] }))).toMatchObject({
    reason: "token-revoked",
  });
  await cli.process.remove({ deviceId: "phone", caller: root });
  await gateway.process.refresh();
  await gateway.process.refresh();
  expect(gateway.notices.slice(1)).toEqual([{ type: "close-sockets", deviceId: "phone" }]);
});

test("[pairing:watched-revocation] pairing service: where the store reports changes, a revoked device is refused at once", async () => {
  const store = new MemoryStore();
  const gateway = await openOn(store);
  const token = await pair(gateway.process);
  const cli = await openOn(store);
  await cli.process.revoke({ deviceId: "phone", role: "operator", caller: root });
  await Promise.resolve();
  expect(await gateway.process.admit(asking({ isProven: false, presentedTokens: [token] }))).toMatchObject({
    reason: "token-revoked",
  });
});

test("[pairing:close-before-answer] [R-16] pairing service: connections end before the answer, and after it is durable", async () => {
  const store = new MemoryStore();
  const paired = store.document("devices/paired", shapes.paired);
  const seen: unknown[] = [];
  const process = await DevicePairing.open({
    pending: store.document("devices/pending", shapes.pending),
    paired,
    engine: nativeEngine,
    listener: async (notice) => {
      if (notice.type !== "close-sockets") return;
      await Promise.resolve();
      seen.push((await paired.read()).value["phone"]?.tokens["operator"]?.revokedAtMs !== undefined);
    },
  });
  await pair(process);
  const answer = process
    .revoke({ deviceId: "phone", role: "operator", caller: root })
    .then(() => seen.push("answered"));
  await answer;
  expect(seen).toEqual([true, "answered"]);
});

test("[pairing:no-secrets] [R-15] [R-19] pairing service: lists, notices and answers to others hold no token and no digest", async () => {
  const { process, notices } = await openOn(new MemoryStore());
  const secrets = [await pair(process)];
  const rotated = await process.rotate({ deviceId: "phone", role: "operator", caller: root });
  const back = await process.admit(asking({ isProven: false, presentedTokens: secrets }));
  if (back.type !== "admitted" || back.deviceToken === undefined) throw new Error("no new token");
  secrets.push(back.deviceToken);
  const approved = await process.admit(asking({ deviceId: "pad", publicKey: "pad key" }));
  const shown = JSON.stringify([rotated, approved, notices, await process.list()]);
  expect(shown).not.toContain("sha256:");
  for (const secret of secrets) expect(shown).not.toContain(secret);
});

test("pairing service: the list is newest first, with token summaries", async () => {
  const { process, clock } = await openOn(new MemoryStore());
  await pair(process);
  clock.nowMs = 2_000;
  await process.admit(asking({ deviceId: "own", publicKey: "own key", isSilentEligible: true }));
  await process.admit(asking({ deviceId: "one", publicKey: "one key" }));
  clock.nowMs = 3_000;
  await process.admit(asking({ deviceId: "two", publicKey: "two key", requestedScopes: [admin] }));
  const { pending, paired } = await process.list();
  expect(pending.map(({ deviceId }) => deviceId)).toEqual(["two", "one"]);
  expect(paired.map(({ deviceId }) => deviceId)).toEqual(["own", "phone"]);
  expect(paired[1]).toEqual({
    deviceId: "phone",
    publicKey: "key",
    role: "operator",
    roles: ["operator"],
    scopes: [read],
    tokens: [{ role: "operator", scopes: [read], createdAtMs: 1_000 }],
    createdAtMs: 1_000,
    approvedAtMs: 1_000,
  });
});

test("pairing service: notices say who asks and what became of it", async () => {
  const { process, notices } = await openOn(new MemoryStore());
  const asked = await process.admit(asking());
  await process.admit(asking());
  if (asked.type !== "pairing-required") throw new Error(asked.type);
  const { requestId } = asked.request;
  await process.reject({ requestId, caller: root });
  await process.admit(asking({ deviceId: "own", isSilentEligible: true }));
  expect(notices).toEqual([
    { type: "requested", request: asked.request },
    { type: "resolved", requestId, deviceId: "phone", decision: "rejected", atMs: 1_000 },
    { type: "resolved", requestId: expect.any(String), deviceId: "own", decision: "approved", atMs: 1_000 },
  ]);
});

test("pairing service: a token is checked without changing anything", async () => {
  const { process } = await openOn(new MemoryStore());
  const token = await pair(process);
  const check = (presentedTokens: string[], publicKey = "key") =>
    process.checkToken({ deviceId: "phone", publicKey, role: "operator", presentedTokens });
  expect(await check(["x", token])).toEqual({ ok: true, used: "current", scopes: [read] });
  expect(await check(["", "\ud800"])).toEqual({ ok: false, reason: "token-mismatch" });
  expect(await check([])).toEqual({ ok: false, reason: "token-missing" });
  expect(await check([token], "another key")).toEqual({ ok: false, reason: "device-not-paired" });
});

test("pairing service: many devices at once each get their own request", async () => {
  const { process } = await openOn(new MemoryStore());
  const devices = Array.from({ length: 40 }, (_, at) => `device ${at}`);
  await Promise.all(
    devices.map((deviceId, at) => process.admit(asking({ deviceId, metadata: { remoteIp: `192.0.2.${at}` } }))),
  );
  expect((await process.list()).pending.map(({ deviceId }) => deviceId).sort()).toEqual([...devices].sort());
});
