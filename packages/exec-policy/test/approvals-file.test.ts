import { createHash } from "node:crypto";
import { chmod, mkdir, stat, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { makeState } from "./state-folder.ts";

const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

const documented = `{ "version": 1,
  "socket": { "path": "~/x.sock", "token": "t0ken-of-the-socket" },
  "defaults": { "security": "deny", "ask": "on-miss", "askFallback": "deny", "autoAllowSkills": false },
  "note": "kept",
  "agents": {
    "*": { "ask": "always", "allowlist": [ { "id": "e0", "pattern": "/usr/bin/uptime" } ] },
    "main": { "security": "allowlist", "autoAllowSkills": true, "mood": "kept too",
      "allowlist": [ { "id": "e1", "pattern": "~/bin/*", "lastUsedAt": 5, "colour": "red" }, { "pattern": "/opt/x" } ] } } }`;

test("[exec:file-shape] approvals: a missing file is empty, denies, and hashes as the empty text", async () => {
  const { approvals, names } = await makeState();
  expect(await approvals.read()).toEqual({
    path: approvals.path,
    exists: false,
    hash: emptyHash,
    file: { version: 1 },
    policy: {
      security: "deny",
      ask: "on-miss",
      autoAllowSkills: false,
      sources: { security: "built in", ask: "built in", autoAllowSkills: "built in" },
    },
  });
  expect(await names()).toEqual([]);
});

test("[exec:file-shape] approvals: the agent's part comes first, then *, then the defaults, then what is built in", async () => {
  const { approvals } = await makeState(documented);
  const policy = await approvals.policyFor("main");
  expect(policy.view).toEqual({
    security: "allowlist",
    ask: "always",
    autoAllowSkills: true,
    sources: { security: "agents.main", ask: "agents.*", autoAllowSkills: "agents.main" },
  });
  expect(policy.allowlist).toEqual([
    { id: "e0", pattern: "/usr/bin/uptime", agentId: "*" },
    { id: "e1", pattern: "~/bin/*", agentId: "main" },
    { id: "", pattern: "/opt/x", agentId: "main" },
  ]);
  for (const nobody of [null, "*", "other", "__proto__", "constructor"]) {
    const { allowlist, view } = await approvals.policyFor(nobody);
    expect(view.sources).toEqual({ security: "defaults", ask: "agents.*", autoAllowSkills: "defaults" });
    expect(allowlist.map(({ id }) => id)).toEqual(["e0"]);
  }
});

test("[exec:file-shape] approvals: what is read has the hash of the raw text, and never the token of the socket", async () => {
  const { approvals } = await makeState(documented);
  const snapshot = await approvals.read();
  expect(snapshot.hash).toBe(sha256(documented));
  expect(snapshot.file.socket).toEqual({ path: "~/x.sock" });
  expect(JSON.stringify(snapshot)).not.toContain("t0ken");
});

test("[exec:file-shape] approvals: the part of an agent named default counts as main's", async () => {
  const { approvals } = await makeState(
    '{"version":1,"agents":{"default":{"security":"full","ask":"off","allowlist":[{"id":"d","pattern":"/d"}]},' +
      '"main":{"security":"allowlist","allowlist":[{"id":"m","pattern":"/m"}]}}}',
  );
  const policy = await approvals.policyFor("main");
  expect([policy.security, policy.ask]).toEqual(["allowlist", "off"]);
  expect(policy.allowlist.map(({ id }) => id)).toEqual(["m", "d"]);
});

test("[exec:base-hash] approvals: a change of a file that exists needs the hash it was made from", async () => {
  const { approvals, text } = await makeState(documented);
  const file = { version: 1 as const };
  await expect(approvals.set({ file })).rejects.toMatchObject({ code: "base-hash-required" });
  await expect(approvals.set({ file, baseHash: sha256("older") })).rejects.toMatchObject({
    code: "changed",
    message: expect.stringContaining("changed since last load"),
  });
  expect(await text()).toBe(documented);
  const done = await approvals.set({ file, baseHash: sha256(documented) });
  expect(done).toEqual(await approvals.read());
  expect(done.hash).toBe(sha256(await text()));
});

test("[exec:base-hash] approvals: a first file needs no hash, and takes only the one of the empty text", async () => {
  const { approvals } = await makeState();
  const file = { version: 1 as const, defaults: { security: "full" as const } };
  await expect(approvals.set({ file, baseHash: sha256("x") })).rejects.toMatchObject({ code: "changed" });
  expect((await approvals.set({ file, baseHash: emptyHash })).exists).toBe(true);
  const { approvals: other } = await makeState();
  expect((await other.set({ file })).policy?.security).toBe("full");
});

test("[exec:keeps-unknown] approvals: a change keeps the socket, keys that we don't know, and gives entries ids", async () => {
  const { approvals, json } = await makeState(documented);
  const { file, hash } = await approvals.read();
  // As it comes over the wire: the checked copy has lost every key that the protocol doesn't name.
  const known = {
    version: 1 as const,
    defaults: { security: "allowlist" as const },
    agents: {
      main: {
        allowlist: file.agents!["main"]!.allowlist!.map(({ id, pattern }) => ({ ...(id ? { id } : {}), pattern })),
      },
    },
  };
  await approvals.set({ file: known, baseHash: hash });
  expect(await json()).toEqual({
    version: 1,
    note: "kept",
    socket: { path: "~/x.sock", token: "t0ken-of-the-socket" },
    defaults: { security: "allowlist" },
    agents: {
      main: {
        mood: "kept too",
        allowlist: [
          { id: "e1", pattern: "~/bin/*", colour: "red" },
          { id: "id1", pattern: "/opt/x" },
        ],
      },
    },
  });
});

test("[exec:base-hash] approvals: a new socket replaces the old one's fields that it names", async () => {
  const { approvals, json } = await makeState(documented);
  await approvals.set({ file: { version: 1, socket: { token: "new" } }, baseHash: sha256(documented) });
  expect((await json())["socket"]).toEqual({ path: "~/x.sock", token: "new" });
});

test("[exec:file-shape] approvals: an entry is added once and removed once", async () => {
  const { approvals, json } = await makeState();
  const entry = { agentId: "main", pattern: "/usr/bin/uptime" };
  expect((await approvals.allow(entry)).added).toBe(true);
  const again = await approvals.allow(entry);
  expect(again.added).toBe(false);
  expect(again.snapshot).toEqual(await approvals.read());
  expect(await json()).toEqual({
    version: 1,
    agents: { main: { allowlist: [{ id: "id1", pattern: "/usr/bin/uptime" }] } },
  });
  expect((await approvals.disallow({ ...entry, agentId: "*" })).removed).toBe(false);
  expect((await approvals.disallow(entry)).removed).toBe(true);
  expect((await approvals.disallow(entry)).removed).toBe(false);
});

test("[R-36] approvals: a pattern that names no path, or that no real path can match, isn't taken", async () => {
  const { approvals, names } = await makeState();
  for (const pattern of [
    "jq",
    "",
    "*",
    "bin/x",
    "./x",
    "../x",
    "/opt/../x",
    "/a/./b",
    "/x\n",
    "/x\u202e",
    "/\0",
    `/${"x".repeat(4_096)}`,
  ]) {
    await expect(approvals.allow({ agentId: "main", pattern }), JSON.stringify(pattern)).rejects.toMatchObject({
      code: "invalid",
    });
  }
  await expect(approvals.allow({ agentId: "", pattern: "/x" })).rejects.toMatchObject({ code: "invalid" });
  expect(await names()).toEqual([]);
});

test("[R-57] approvals: a damaged file lets nothing run, is kept, copied once and never overwritten", async () => {
  const whole = documented;
  const contents = [
    ...Array.from({ length: 40 }, (_, part) => whole.slice(0, Math.floor((whole.length * part) / 40))),
    '{"version":2}',
    "{}",
    "null",
    "[]",
    '{"version":1,"defaults":{"security":"everything"}}',
    '{"version":1,"agents":{"main":{"allowlist":["/usr/bin/x"]}}}',
    '{"version":1,"agents":{"main":{"allowlist":[{"pattern":""}]}}}',
  ];
  for (const content of contents) {
    const { approvals, names, text } = await makeState(content);
    for (const agent of ["main", null]) {
      const policy = await approvals.policyFor(agent);
      expect([policy.security, policy.ask, policy.allowlist], content).toEqual(["deny", "always", []]);
      expect(policy.view.problem).toContain("nothing may run");
      expect(policy.view.problem).not.toContain("t0ken");
    }
    const snapshot = await approvals.read();
    expect(snapshot).toMatchObject({ exists: true, hash: sha256(content), file: { version: 1 } });
    const damaged = { code: "damaged" };
    await expect(approvals.set({ file: { version: 1 }, baseHash: snapshot.hash })).rejects.toMatchObject(damaged);
    await expect(approvals.allow({ agentId: "*", pattern: "/x" })).rejects.toMatchObject(damaged);
    await expect(approvals.disallow({ agentId: "*", pattern: "/x" })).rejects.toMatchObject(damaged);
    await expect(
      approvals.noteUse({ agentId: null, entryId: "e1", command: "x", resolvedPath: "/x" }),
    ).rejects.toMatchObject(damaged);
    expect(await text()).toBe(content);
    expect(await names()).toEqual(["exec-approvals.json", "exec-approvals.json.corrupt-1000"]);
  }
});

test("[R-57] approvals: bytes that aren't text are kept byte by byte", async () => {
  const { approvals, names } = await makeState(new Uint8Array([0x7b, 0xff, 0xfe, 0x00]));
  expect((await approvals.policyFor("main")).security).toBe("deny");
  expect(await names()).toHaveLength(2);
});

test("[R-57] approvals: a file that isn't one, or that is too long, lets nothing run", async () => {
  const { approvals, path } = await makeState();
  await mkdir(path);
  expect(await approvals.policyFor("main")).toMatchObject({ security: "deny", view: { problem: expect.any(String) } });
  await expect(approvals.allow({ agentId: "*", pattern: "/x" })).rejects.toMatchObject({ code: "damaged" });
  const long = await makeState(" ".repeat(4 * 1024 * 1024) + documented);
  expect((await long.approvals.policyFor("main")).security).toBe("deny");
});

test("[R-57] approvals: damaged contents in turn keep a bounded number of copies", async () => {
  let at = 0;
  const { approvals, names, path } = await makeState("x", { now: () => ++at });
  for (let round = 0; round < 40; round++) {
    await writeFile(path, `damaged ${round}`);
    expect((await approvals.policyFor(null)).security).toBe("deny");
  }
  expect((await names()).length).toBe(17);
});

test("[R-58] approvals: two state folders have two files, and what one allows the other doesn't know", async () => {
  const one = await makeState();
  const two = await makeState();
  expect(one.path).not.toBe(two.path);
  expect(one.path.startsWith(one.folder)).toBe(true);
  await one.approvals.allow({ agentId: "main", pattern: "/usr/bin/uptime" });
  expect((await two.approvals.policyFor("main")).allowlist).toEqual([]);
});

test("[exec:file-private] approvals: the file is 0600 after a write, and after a read that found it open to others", async () => {
  const { approvals, path } = await makeState();
  await approvals.allow({ agentId: "*", pattern: "/x" });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const open = await makeState(documented);
  await writeFile(open.path, documented);
  await chmod(open.path, 0o666);
  await open.approvals.read();
  expect((await stat(open.path)).mode & 0o777).toBe(0o600);
});

test("[exec:use-noted] approvals: uses are noted beside their entry, at most one write an interval", async () => {
  let now = 10_000;
  const { approvals, json, text } = await makeState(documented, { now: () => now });
  const use = { agentId: "main", entryId: "e1", command: "x", resolvedPath: "/home/me/bin/x" };
  await approvals.noteUse(use);
  const first = await text();
  expect(first).toContain('"lastUsedAt": 10000');
  for (let at = 0; at < 50; at++) {
    now += 1_000;
    await approvals.noteUse({ ...use, command: "y".repeat(1_000) });
  }
  expect(await text()).toBe(first);
  now += 10_000;
  await approvals.noteUse({ ...use, command: "y".repeat(1_000) });
  const { agents } = (await json()) as { agents: Record<string, { allowlist: Record<string, unknown>[] }> };
  expect(agents["main"]!.allowlist[0]).toEqual({
    id: "e1",
    pattern: "~/bin/*",
    lastUsedAt: 70_000,
    lastUsedCommand: "y".repeat(256),
    lastResolvedPath: "/home/me/bin/x",
    colour: "red",
  });
});

test("[exec:use-noted] approvals: what waits is written with the next change; an entry that is gone stays gone", async () => {
  const { approvals, json } = await makeState(documented);
  await approvals.noteUse({ agentId: null, entryId: "e0", command: "a", resolvedPath: "/a" });
  await approvals.noteUse({ agentId: null, entryId: "e0", command: "b", resolvedPath: "/b" });
  await approvals.noteUse({ agentId: null, entryId: "nobody's", command: "b", resolvedPath: "/b" });
  await approvals.allow({ agentId: "main", pattern: "/new" });
  expect(JSON.stringify(await json())).toContain('"lastUsedCommand":"b"');
  await approvals.noteUse({ agentId: null, entryId: "e0", command: "c", resolvedPath: "/c" });
  await approvals.disallow({ agentId: "*", pattern: "/usr/bin/uptime" });
  await approvals.flush();
  expect(JSON.stringify(await json())).not.toContain("/usr/bin/uptime");
});
