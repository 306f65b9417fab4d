import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

test("[protocol:readme] readme: its program runs and prints what it says", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const program = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
  expect(program).toContain("@saltgate/protocol");
  const output = execFileSync(
    process.execPath,
    ["--conditions=@saltgate/source", "--no-warnings", "--input-type=module-typescript", "--eval", program],
    { cwd: new URL("..", import.meta.url), encoding: "utf8", env: { ...process.env, NO_COLOR: "1" } },
  );
  expect(output.trimEnd().split("\n")).toEqual([
    "true",
    "tick 1",
    "operator operator.pairing",
    "{ ok: true, version: 4 }",
  ]);
});
