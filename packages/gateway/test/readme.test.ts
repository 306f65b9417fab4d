import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

test("[gateway:readme] gateway: the README's program is one that compiles", () => {
  const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
  const program = /```ts\n([\s\S]*?)```/.exec(read("../README.md"))?.[1];
  expect(program).toBe(read("./children/first-program.ts"));
});
