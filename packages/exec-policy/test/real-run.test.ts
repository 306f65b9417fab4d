import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type HostView, nodeHostFiles } from "../src/index.ts";
import { judge } from "./judging.ts";
import { makeFolder } from "./state-folder.ts";

/** This machine, with a program `show` that prints its arguments. Its own programs count as the system's, whoever owns them here. */
async function makeShow() {
  const folder = await makeFolder();
  const bin = join(folder, "bin");
  await mkdir(bin);
  await writeFile(join(bin, "show"), '#!/bin/sh\nprintf "%s\\0" "$@"\n', { mode: 0o755 });
  await writeFile(join(folder, "words.sh"), 'printf "%s\\0" "$@"\n');
  const host: HostView = {
    env: { PATH: `${bin}:/usr/bin:/bin` },
    homedir: folder,
    defaultCwd: folder,
    platform: process.platform,
    files: {
      ...nodeHostFiles,
      stat: async (path) => {
        const found = await nodeHostFiles.stat(path);
        return found && { ...found, uid: 0, mode: found.mode & ~0o022 };
      },
    },
  };
  const shown = async (command: readonly string[]): Promise<readonly string[] | undefined> => {
    const verdict = await judge(command, [join(bin, "show"), join(folder, "words.sh")], { host });
    if (verdict.verdict !== "allowed") return undefined;
    const [argv0 = "", ...rest] = verdict.argv;
    const env = { PATH: `${bin}:/usr/bin:/bin` };
    const done = spawnSync(verdict.executable!, rest, {
      argv0,
      cwd: folder,
      env,
      encoding: "utf8",
      input: "",
      timeout: 20_000,
    });
    expect([done.status, done.stderr], JSON.stringify(command)).toEqual([0, ""]);
    return done.stdout.split("\0").slice(0, -1);
  };
  return { shown };
}

const wrappers = [
  ["env"],
  ["env", "LANG=C", "TZ=UTC"],
  ["nice"],
  ["nice", "-n", "3"],
  ["nice", "-4"],
  ["timeout", "20"],
  ["timeout", "-k", "5", "-s", "TERM", "20s"],
  ["stdbuf", "-oL"],
  ["nohup"],
  ["nice", "timeout", "20", "env"],
];

test("[R-35] run: what is allowed behind a real wrapper gets exactly its own arguments", async () => {
  const { shown } = await makeShow();
  for (const wrapper of wrappers.filter(([name]) => existsSync(`/usr/bin/${name}`))) {
    const rest = ["-n", "5", "a b", "$HOME", "*", ""];
    expect(await shown([...wrapper, "show", ...rest]), wrapper.join(" ")).toEqual(rest);
    expect(await shown([...wrapper, "sh", "-c", "show 'a b' \\$x"]), wrapper.join(" ")).toEqual(["a b", "$x"]);
  }
  expect(await shown(["sh", "words.sh", "-c", "x y"])).toEqual(["-c", "x y"]);
  expect(await shown(["env", "sh", "-c", "show $HOME"])).toBeUndefined();
});

test("[R-33] run: the words of a literal text arrive as they were meant, and none of them means anything to a shell", async () => {
  const { shown } = await makeShow();
  const text = fc.string({ unit: fc.constantFrom(..."ab $`\\\"'*~;|&<>()#!=-".split("")), maxLength: 10 });
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 4 }), async (rest) => {
      const literal = ["show", ...rest.map((word) => `'${word.replaceAll("'", "'\\''")}'`)].join(" ");
      expect(await shown(["sh", "-c", literal])).toEqual(rest);
      expect(await shown(["show", ...rest])).toEqual(rest);
    }),
    { numRuns: 60, seed: 20_261_120 },
  );
});
