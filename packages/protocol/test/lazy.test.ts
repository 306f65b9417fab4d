import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const src = new URL("../src/", import.meta.url);
const sources = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));

/** Counts living schemas in a process of its own: before the import, after it, and after asking for one schema. */
function countSchemas(): { before: number; imported: number; asked: number } {
  const program = `
    import { queryObjects } from "node:v8";
    import * as z from "zod";
    const kinds = [z.ZodObject, z.ZodString, z.ZodNumberFormat, z.ZodBoolean, z.ZodArray, z.ZodOptional, z.ZodLiteral];
    const count = () => kinds.reduce((sum, kind) => sum + queryObjects(kind, { format: "count" }), 0);
    const before = count();
    const protocol = await import("@saltgate/protocol");
    const imported = count();
    globalThis.kept = [protocol, protocol.METHODS.health.params()];
    console.log(JSON.stringify({ before, imported, asked: count() }));`;
  const output = execFileSync(
    process.execPath,
    ["--conditions=@saltgate/source", "--no-warnings", "--input-type=module", "--eval", program],
    { cwd: new URL("..", import.meta.url), encoding: "utf8" },
  );
  return JSON.parse(output);
}

test("[protocol:lazy] protocol: importing the package builds no schema; asking for one does", () => {
  const { before, imported, asked } = countSchemas();
  expect(imported).toBe(before);
  expect(asked).toBeGreaterThan(imported);
});

test("[protocol:portable] protocol: nothing but zod is imported, and nothing of Node", () => {
  expect(sources.length).toBeGreaterThan(50);
  const foreign = sources.flatMap((name) =>
    [...readFileSync(new URL(name, src), "utf8").matchAll(/(?:from|import)\s*\(?\s*["']([^"']+)["']/g)]
      .map((match) => match[1] ?? "")
      .filter((target) => target !== "zod" && !/^\.{1,2}\/.*\.ts$/.test(target))
      .map((target) => `${name}: ${target}`),
  );
  expect(foreign).toEqual([]);
});

test("[protocol:portable] protocol: zod is the only dependency", () => {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  expect(Object.keys(manifest.dependencies)).toEqual(["zod"]);
  expect(manifest.peerDependencies).toBeUndefined();
});
