// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the configuration file has placeholders of that shape

import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeFileSystem } from "@saltgate/store";
import { expect, onTestFinished, test } from "vitest";
import { defaultConfig, loadConfig, loadWithLastGood, writeConfig } from "../src/index.ts";

async function makeFolder() {
  const directory = await mkdtemp(join(tmpdir(), "saltgate-config-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const path = join(directory, "saltgate.json");
  return {
    path,
    directory,
    write: (text: string | Uint8Array) => writeFile(path, text, { mode: 0o600 }),
    lastGood: () => readFile(`${path}.last-good`, "utf8"),
  };
}

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

test("config file: no file is the default configuration, without a complaint", async () => {
  const folder = await makeFolder();
  const expected = { config: defaultConfig(), source: "defaults", written: new Set(), problems: [], warnings: [] };
  expect(await loadConfig({ path: folder.path, env: {} })).toEqual(expected);
  expect(await loadWithLastGood({ path: folder.path, env: {} })).toEqual(expected);
  expect(await readdir(folder.directory)).toEqual([]);
});

test("config file: strict loading fails with everything that is wrong, and the file's path", async () => {
  const folder = await makeFolder();
  await folder.write("{ gateway: { port: 0 }, foo: 1 }");
  await expect(loadConfig({ path: folder.path, env: {} })).rejects.toMatchObject({
    code: "invalid",
    problems: [{ path: "gateway.port" }, { path: "foo" }],
    message: expect.stringContaining(folder.path),
  });
});

test("[config:last-good] config file: a good file is remembered as it is, readable by its owner only", async () => {
  const folder = await makeFolder();
  const text = "// mine\n{ gateway: { port: 19000, auth: { token: '${T}' } } }\n";
  await folder.write(text);
  const loaded = await loadWithLastGood({ path: folder.path, env: { T: "secret" } });
  expect(loaded).toMatchObject({ source: "file", config: { gateway: { port: 19000, auth: { token: "secret" } } } });
  expect(loaded.written).toEqual(new Set(["gateway.port", "gateway.auth.token"]));
  expect(await folder.lastGood()).toBe(text);
  expect(await modeOf(`${folder.path}.last-good`)).toBe(0o600);
});

test("[config:last-good] config file: a broken file runs the last good one and says what is wrong", async () => {
  const folder = await makeFolder();
  await folder.write("{ gateway: { port: 19000 } }");
  await loadWithLastGood({ path: folder.path, env: {} });
  await folder.write("{ gateway: { port: 19001, } oops }");
  const loaded = await loadWithLastGood({ path: folder.path, env: {} });
  expect(loaded).toMatchObject({ source: "last-good", config: { gateway: { port: 19000 } } });
  expect(loaded.problems).toHaveLength(1);
  expect(await folder.lastGood()).toBe("{ gateway: { port: 19000 } }");
  expect(await readFile(folder.path, "utf8")).toBe("{ gateway: { port: 19001, } oops }");
});

test.each([
  ["nothing", undefined],
  ["something broken", "{"],
])(
  "[config:last-good] config file: a broken file with %s remembered runs the defaults and says what is wrong",
  async (_what, lastGood) => {
    const folder = await makeFolder();
    await folder.write("{ gateway: { bind: 'lan', auth: { mode: 'token' }, localWithoutDevice: 1 } }");
    if (lastGood !== undefined) await writeFile(`${folder.path}.last-good`, lastGood);
    const loaded = await loadWithLastGood({ path: folder.path, env: {} });
    expect(loaded).toMatchObject({ source: "defaults", config: defaultConfig() });
    expect(loaded.problems).not.toEqual([]);
  },
);

test("[config:last-good] config file: a start that repeats itself doesn't rewrite what it remembers", async () => {
  const folder = await makeFolder();
  await folder.write("{}");
  let written = 0;
  const fileSystem = {
    ...nodeFileSystem,
    create: (path: string, mode: number) => {
      written += 1;
      return nodeFileSystem.create(path, mode);
    },
  };
  await loadWithLastGood({ path: folder.path, env: {}, fileSystem });
  await loadWithLastGood({ path: folder.path, env: {}, fileSystem });
  expect(written).toBe(1);
});

test("config file: not being able to remember a good file is a warning, not a failure", async () => {
  const folder = await makeFolder();
  await folder.write("{}");
  const create = () => Promise.reject(Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC" }));
  const loaded = await loadWithLastGood({ path: folder.path, env: {}, fileSystem: { ...nodeFileSystem, create } });
  expect(loaded.source).toBe("file");
  expect(loaded.warnings.map(({ message }) => message).join()).toContain("ENOSPC");
});

test("config file: a file that isn't UTF-8, or is a folder, is a problem and not a crash", async () => {
  const folder = await makeFolder();
  await folder.write(Uint8Array.of(0x7b, 0xff, 0x7d));
  expect((await loadWithLastGood({ path: folder.path, env: {} })).problems[0]?.message).toContain(
    "isn't text in UTF-8",
  );
  await rm(folder.path);
  await mkdir(folder.path);
  expect((await loadWithLastGood({ path: folder.path, env: {} })).problems[0]?.message).toContain("can't be read");
});

test("config file: a file that other users can read is a warning with the command that mends it", async () => {
  const folder = await makeFolder();
  await folder.write("{}");
  await chmod(folder.path, 0o644);
  const { warnings } = await loadConfig({ path: folder.path, env: {} });
  expect(warnings.map(({ message }) => message)).toEqual([
    `saltgate.json can be read by other users of this host, and may hold secrets. Run: chmod 600 ${folder.path}`,
  ]);
});

test("[config:first-write] config file: what is written for a first start is private, commented, and reads back", async () => {
  const folder = await makeFolder();
  const path = join(folder.directory, "new", "saltgate.json");
  const config = { gateway: { mode: "local", port: 18789, auth: { mode: "token", token: "a${B}c $D" } } } as const;
  expect(await writeConfig(path, config, { header: ["Made at the first start.", "", "two\nlines"] })).toBe(true);
  expect(await readFile(path, "utf8")).toMatch(
    /^\/\/ Made at the first start\.\n\/\/\n\/\/ two lines\n\{\n {2}"gateway": \{[\s\S]*\}\n$/,
  );
  expect(await modeOf(path)).toBe(0o600);
  expect(await modeOf(join(folder.directory, "new"))).toBe(0o700);
  expect((await loadConfig({ path, env: {} })).config.gateway.auth.token).toBe("a${B}c $D");
  expect(await readdir(join(folder.directory, "new"))).toEqual(["saltgate.json"]);
});

test("[config:first-write] config file: of two first starts one writes, and a file that is there stays", async () => {
  const folder = await makeFolder();
  const wrote = await Promise.all([18_001, 18_002].map((port) => writeConfig(folder.path, { gateway: { port } })));
  expect(wrote.filter((did) => did)).toHaveLength(1);
  expect((await loadConfig({ path: folder.path, env: {} })).config.gateway.port).toBe(wrote[0] ? 18_001 : 18_002);
  expect(await writeConfig(folder.path, {}, { overwrite: true })).toBe(true);
  expect(await readFile(folder.path, "utf8")).toBe("{}\n");
  expect(await readdir(folder.directory)).toEqual(["saltgate.json"]);
});

test("config file: what isn't a configuration is never written", async () => {
  const folder = await makeFolder();
  const token = "__SALTGATE_REDACTED__";
  await expect(writeConfig(folder.path, { gateway: { auth: { token } } })).rejects.toThrow("gateway.auth.token");
  expect(await readdir(folder.directory)).toEqual([]);
});
