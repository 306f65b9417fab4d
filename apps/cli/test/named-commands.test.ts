import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { COMMANDS } from "../src/commands.ts";

const root = join(import.meta.dirname, "../../..");
const names = Object.keys(COMMANDS);
const groups = new Set(names.map((name) => name.split(" ")[0] ?? ""));

/** Files in which people are told commands: what the programs say, and what is written for people. */
async function filesWithWords(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!["node_modules", "dist", "generated", "test", "adr"].includes(entry.name))
        found.push(...(await filesWithWords(path)));
    } else if (/\.(ts|md)$/.test(entry.name)) found.push(path);
  }
  return found;
}

/** What is no command where `saltgate` is a name: the package, the service, sentences about the program. */
const isProse = (word: string): boolean =>
  !groups.has(word) && /^(is|has|was|and|or|in|on|as|to|the|package)$/.test(word);

test("[cli:named-commands] cli: a command that anybody is told to type is one that there is", async () => {
  const files = [
    join(root, "README.md"),
    ...(await filesWithWords(join(root, "docs"))),
    ...(await filesWithWords(join(root, "packages"))),
    ...(await filesWithWords(join(root, "apps"))),
    ...(await filesWithWords(join(root, "examples"))),
  ];
  const wrong: string[] = [];
  let named = 0;
  for (const file of files) {
    const text = await readFile(file, "utf8");
    for (const [whole, first = "", second] of text.matchAll(/(?<![@/\w."'-])saltgate ([a-z]+)(?: ([a-z][a-z-]+))?/g)) {
      if (isProse(first)) continue;
      named += 1;
      const name = second === undefined ? first : `${first} ${second}`;
      const isThere = names.some((one) => one === name || one === first || one.startsWith(`${name} `));
      if (!isThere) wrong.push(`${relative(root, file)}: ${whole}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(named).toBeGreaterThan(100);
});
