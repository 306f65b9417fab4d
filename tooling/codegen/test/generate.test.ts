import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { describeDrift, findDrift, generate, selectTargets } from "../src/generate.ts";
import { TARGETS } from "../src/targets.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Calls back with a folder that holds copies of the generated files, and removes it afterwards. */
function withCopy(use: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "saltgate-codegen-"));
  try {
    for (const { path } of TARGETS) cpSync(join(root, path), join(folder, path));
    use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("[protocol:generated] codegen: what is committed is what the descriptions say", () => {
  expect(findDrift(root).map(describeDrift)).toEqual([]);
});

test("[protocol:generated] codegen: a changed line is found, named, and mended by the command that is named", () => {
  withCopy((folder) => {
    for (const target of TARGETS) {
      const file = join(folder, target.path);
      const text = readFileSync(file, "utf8");
      const lines = text.split("\n");
      writeFileSync(file, [...lines.slice(0, 9), `${lines[9]} `, ...lines.slice(10)].join("\n"));
      const drift = findDrift(folder);
      expect(drift).toEqual([{ path: target.path, problem: "different", line: 10, command: target.command }]);
      expect(describeDrift(drift[0]!)).toBe(
        `${target.path} differs from the descriptions in packages/protocol, first in line 10. Run: ${target.command}`,
      );
      expect(generate(folder)).toEqual([target.path]);
      expect(readFileSync(file, "utf8")).toBe(text);
    }
  });
});

test("[protocol:generated] codegen: a file that ends too early or goes on too long is found", () => {
  withCopy((folder) => {
    const [first] = TARGETS;
    const file = join(folder, first!.path);
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.slice(0, text.length / 2));
    expect(findDrift(folder)).toHaveLength(1);
    writeFileSync(file, `${text}more\n`);
    expect(findDrift(folder)).toMatchObject([{ problem: "different" }]);
  });
});

test("[protocol:generated] codegen: a missing file is found and made again", () => {
  withCopy((folder) => {
    rmSync(join(folder, "docs"), { recursive: true });
    expect(findDrift(folder).map(describeDrift)).toEqual([
      "docs/protocol.md is missing. Run: pnpm protocol:gen",
      "docs/errors.md is missing. Run: pnpm protocol:gen",
    ]);
    expect(generate(folder)).toEqual(["docs/protocol.md", "docs/errors.md"]);
    expect(findDrift(folder)).toEqual([]);
  });
});

test("[protocol:generated] codegen: making everything twice gives the same text", () => {
  for (const target of TARGETS) expect(target.make()).toBe(target.make());
});

test("codegen: each language can be made alone", () => {
  expect(selectTargets("swift").map(({ path }) => path)).toEqual([
    "packages/protocol/generated/swift/GatewayProtocol.swift",
  ]);
  expect(selectTargets("kotlin").map(({ path }) => path)).toEqual([
    "packages/protocol/generated/kotlin/GatewayProtocol.kt",
  ]);
  expect(selectTargets(undefined)).toBe(TARGETS);
});

test("codegen: an unknown word on the command line ends with the usage", () => {
  const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
  const run = spawnSync(process.execPath, ["--conditions=@saltgate/source", main, "rust"], { encoding: "utf8" });
  expect(run.status).toBe(2);
  expect(run.stderr).toContain("usage: main.ts [swift|kotlin] [--check]");
});
