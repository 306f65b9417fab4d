import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nativeEngine } from "@saltgate/identity/node";
import { FileStore, MemoryStore } from "@saltgate/store";
import { expect, onTestFinished, test } from "vitest";
import { SenderPairing } from "../../src/index.ts";

const telegram = { channel: "telegram" };
const hourMs = 3_600_000;

/** Sender pairing over a state folder. */
async function createWorld(files: Readonly<Record<string, unknown>> = {}) {
  const folder = await mkdtemp(join(tmpdir(), "saltgate-senders-"));
  await mkdir(join(folder, "credentials"));
  for (const [name, value] of Object.entries(files)) {
    await writeFile(join(folder, "credentials", name), typeof value === "string" ? value : JSON.stringify(value));
  }
  const store = new FileStore({ directory: folder });
  onTestFinished(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });
  const clock = { nowMs: Date.parse("2026-03-01T10:00:00.000Z") };
  const senders = await SenderPairing.open({ store, engine: nativeEngine, now: () => clock.nowMs });
  const textOf = (name: string) => readFile(join(folder, "credentials", name), "utf8");
  const fileOf = async (name: string): Promise<unknown> => JSON.parse(await textOf(name));
  return { folder, clock, senders, fileOf, textOf };
}

test("[senders:files] senders: the files have the documented shape and are private", async () => {
  const { folder, senders, fileOf, clock } = await createWorld();
  const { code, created } = await senders.upsert({
    ...telegram,
    id: "tg:12345",
    meta: { username: " mina ", lastName: " " },
  });
  expect(created).toBe(true);
  expect(code).toMatch(/^[ABCDEFGHJKLMNPQRSTUVWXYZ23456789]{8}$/);
  clock.nowMs += 5_000;
  await senders.upsert({ ...telegram, id: "12345" });
  expect(await fileOf("telegram-pairing.json")).toEqual({
    version: 1,
    requests: [
      {
        id: "12345",
        code,
        createdAt: "2026-03-01T10:00:00.000Z",
        lastSeenAt: "2026-03-01T10:00:05.000Z",
        meta: { username: "mina" },
      },
    ],
  });
  expect(await senders.approve({ ...telegram, code: ` ${code.toLowerCase()}\n` })).toMatchObject({ id: "12345" });
  expect(await fileOf("telegram-pairing.json")).toEqual({ version: 1, requests: [] });
  expect(await fileOf("telegram-allowFrom.json")).toEqual({ version: 1, allowFrom: ["12345"] });
  expect(await senders.readAllow(telegram)).toEqual(["12345"]);
  expect((await stat(join(folder, "credentials/telegram-allowFrom.json"))).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, "credentials"))).mode & 0o777).toBe(0o700);
  expect(await senders.approve({ ...telegram, code })).toBeUndefined();
});

test("[senders:once] senders: a sender is told its code once in an hour, and writing again doesn't make it live longer", async () => {
  const { senders, clock } = await createWorld();
  const first = await senders.upsert({ ...telegram, id: "1" });
  clock.nowMs += hourMs;
  expect(await senders.upsert({ ...telegram, id: "1" })).toEqual({ code: first.code, created: false });
  clock.nowMs += 1;
  expect(await senders.approve({ ...telegram, code: first.code })).toBeUndefined();
  const second = await senders.upsert({ ...telegram, id: "1" });
  expect(second).toMatchObject({ created: true });
  expect(second.code).not.toBe(first.code);
  expect(await senders.readAllow(telegram)).toEqual([]);
});

test("[senders:caps] [R-44] senders: three wait on an account, a flood pushes nobody out, and other accounts have their own three", async () => {
  const { senders } = await createWorld();
  const ask = (id: string, accountId?: string) => senders.upsert({ ...telegram, id, accountId });
  const told = [await ask("1"), await ask("2"), await ask("3")];
  for (let flood = 10; flood < 40; flood += 1) expect(await ask(String(flood))).toEqual({ code: "", created: false });
  expect((await senders.list(telegram)).map(({ id }) => id)).toEqual(["1", "2", "3"]);
  expect(await ask("2")).toEqual({ code: told[1]?.code, created: false });
  expect(await ask("1", "work")).toMatchObject({ created: true });
  expect(await senders.upsert({ channel: "signal", id: "+49171555" })).toMatchObject({ created: true });
});

test("[senders:accounts] [R-43] senders: what is approved on one account says nothing on another", async () => {
  const { senders, fileOf } = await createWorld({ "telegram-allowFrom.json": { version: 1, allowFrom: ["7"] } });
  const work = { ...telegram, accountId: "Work" };
  const { code } = await senders.upsert({ ...work, id: "1" });
  expect(await senders.approve({ ...telegram, code })).toBeUndefined();
  expect(await senders.approve({ ...work, code })).toMatchObject({ id: "1" });
  expect(await senders.readAllow(work)).toEqual(["1"]);
  expect(await senders.readAllow({ ...telegram, accountId: "default" })).toEqual(["7"]);
  expect(await senders.readAllow({ ...telegram, accountId: "other" })).toEqual([]);
  expect(await fileOf("telegram-work-allowFrom.json")).toEqual({ version: 1, allowFrom: ["1"] });
  // An account whose name would make the file of another channel has its own.
  await senders.addAllow({ channel: "nextcloud", accountId: "talk", id: "eve" });
  expect(await senders.readAllow({ channel: "nextcloud-talk" })).toEqual([]);
});

test("[senders:take-over] senders: another gateway's files are taken over, and keys that we don't know stay", async () => {
  const row = {
    id: "tg:5",
    code: "abcd2345",
    createdAt: "2026-03-01T09:30:00Z",
    lastSeenAt: "x",
    via: "kept",
    meta: { username: "m", n: 1 },
  };
  const malformed = [
    null,
    "x",
    [],
    { id: "6" },
    { id: 7, code: "ABCD2346", createdAt: "2026-03-01T09:30:00Z" },
    { ...row, id: "*" },
  ];
  const over = [
    { ...row, id: "8", code: "ABCD2347", createdAt: "soon" },
    { ...row, id: "9", code: "ABCD2348", createdAt: "2026-03-01T08:59:59Z" },
  ];
  const { senders, fileOf } = await createWorld({
    "telegram-pairing.json": { version: 1, requests: [...malformed, row, ...over], note: "kept" },
    "telegram-allowFrom.json": { allowFrom: ["*", "telegram:12", " 12", "", 34, "tg:"], owner: "kept" },
  });
  expect(await senders.readAllow(telegram)).toEqual(["12", "34"]);
  expect(await senders.list(telegram)).toEqual([{ ...row, id: "5", code: "ABCD2345", meta: { username: "m" } }]);
  expect(await senders.approve({ ...telegram, code: "abcd2345" })).toMatchObject({ id: "5" });
  expect(await fileOf("telegram-pairing.json")).toEqual({ version: 1, requests: [], note: "kept" });
  expect(await fileOf("telegram-allowFrom.json")).toEqual({ version: 1, allowFrom: ["12", "34", "5"], owner: "kept" });
});

test("senders: of more than may wait, which somebody else wrote, those seen last are listed, oldest first", async () => {
  const row = (id: string, minute: number, seen: number) => ({
    id,
    code: `ABCD234${id}`,
    createdAt: `2026-03-01T09:${minute}:00Z`,
    lastSeenAt: `2026-03-01T09:${seen}:00Z`,
  });
  const requests = [row("5", 40, 58), row("6", 30, 31), row("7", 20, 57), row("8", 10, 59)];
  const { senders, fileOf } = await createWorld({ "telegram-pairing.json": { version: 1, requests } });
  expect((await senders.list(telegram)).map(({ id }) => id)).toEqual(["8", "7", "5"]);
  expect((await fileOf("telegram-pairing.json")) as { requests: unknown[] }).toMatchObject({
    requests: [{ id: "5" }, { id: "7" }, { id: "8" }],
  });
});

test.each([
  ["cut", '{"version":1,"requ'],
  ["of another version", { version: 2, requests: [], allowFrom: [] }],
  ["a list", []],
  ["without its list", { version: 1 }],
  ["with a text for a list", { version: 1, requests: "x", allowFrom: "12345" }],
])("[senders:corrupt] [R-57] senders: a file that is %s lets nobody in and isn't overwritten", async (_, json) => {
  const files = { "telegram-pairing.json": json, "telegram-allowFrom.json": json };
  const { senders, textOf } = await createWorld(files);
  const sender = { ...telegram, id: "12345" };
  for (const call of [
    () => senders.readAllow(telegram),
    () => senders.upsert(sender),
    () => senders.list(telegram),
    () => senders.approve({ ...telegram, code: "ABCD2345" }),
    () => senders.addAllow(sender),
  ]) {
    await expect(call()).rejects.toMatchObject({ code: "corrupt" });
  }
  expect(await textOf("telegram-allowFrom.json")).toBe(typeof json === "string" ? json : JSON.stringify(json));
  expect(await senders.readAllow({ channel: "signal" })).toEqual([]);
});

test("[senders:allow] [R-42] senders: an owner lets in and shuts out by id; everybody and nobody can't be let in", async () => {
  const { senders } = await createWorld();
  const change = (id: string) => ({ channel: "signal", id });
  expect(await senders.addAllow(change("+49 171 555"))).toEqual({ changed: true, allowFrom: ["+49171555"] });
  expect(await senders.addAllow(change("signal:49171555"))).toEqual({ changed: false, allowFrom: ["+49171555"] });
  for (const id of ["*", "signal:*", "", "  ", "alice", "x".repeat(10_000)]) {
    expect(await senders.addAllow(change(id))).toMatchObject({ changed: false });
    expect(await senders.upsert(change(id))).toEqual({ code: "", created: false });
  }
  expect(await senders.removeAllow(change("49171555"))).toEqual({ changed: true, allowFrom: [] });
  expect(await senders.removeAllow(change("49171555"))).toMatchObject({ changed: false });
});

test("[senders:codes] senders: every symbol of a code is as likely as any other, and a live code isn't given twice", async () => {
  const counts = new Map<string, number>();
  const bytes = Array.from({ length: 256 }, (_, at) => at);
  let at = 0;
  const nextBytes = (length: number) => Uint8Array.from({ length }, () => bytes[at++ % 256] ?? 0);
  const open = (randomBytes: (length: number) => Uint8Array) =>
    SenderPairing.open({ store: new MemoryStore(), engine: { ...nativeEngine, randomBytes }, now: () => 1_000 });
  const senders = await open(nextBytes);
  for (let sender = 0; sender < 32; sender += 1) {
    const { code } = await senders.upsert({ channel: "telegram", accountId: `a${sender}`, id: "1" });
    for (const symbol of code) counts.set(symbol, (counts.get(symbol) ?? 0) + 1);
  }
  expect([...counts.keys()].sort().join("")).toBe("23456789ABCDEFGHJKLMNPQRSTUVWXYZ");
  expect(new Set(counts.values())).toEqual(new Set([8]));

  let calls = 0;
  const twice = await open((length) => new Uint8Array(length).fill(Math.floor(calls++ / 3)));
  const [one, two] = [await twice.upsert({ ...telegram, id: "1" }), await twice.upsert({ ...telegram, id: "2" })];
  expect([one.code, two.code]).toEqual(["AAAAAAAA", "BBBBBBBB"]);
  const stuck = await open((length) => new Uint8Array(length));
  await stuck.upsert({ ...telegram, id: "1" });
  await expect(stuck.upsert({ ...telegram, id: "2" })).rejects.toThrow("500 tries");
});

test("[senders:hostile-input] senders: what a sender calls itself is bounded, and changes nothing but its own row", async () => {
  const { senders } = await createWorld();
  const meta = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`k${at}`, "v".repeat(10_000)]));
  await senders.upsert({ ...telegram, id: "1", meta: { ...meta, ["__proto__"]: "x" } });
  const [row] = await senders.list(telegram);
  expect(Object.keys(row?.meta ?? {})).toHaveLength(16);
  expect(row?.meta?.["k0"]).toHaveLength(256);
  await senders.upsert({ ...telegram, id: "1", meta: {} });
  expect((await senders.list(telegram))[0]).not.toHaveProperty("meta");
});
