import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ExitCode } from "../src/exit-codes/index.ts";

test("[protocol:exit-codes] exit codes: each has its number, and the page for people has the same", () => {
  expect(ExitCode).toEqual({ Ok: 0, Failed: 1, Usage: 2, Unreachable: 3, NotPermitted: 4, Config: 78 });
  const page = readFileSync(new URL("../../../docs/exit-codes.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| (\d+)\s+\| /gm)].map(([, code]) => Number(code));
  expect(rows).toEqual(Object.values(ExitCode));
});
