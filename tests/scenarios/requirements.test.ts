import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { allRooms } from "../../tooling/layers/src/rooms.ts";
import { REQUIREMENTS } from "../requirements.ts";

const root = join(import.meta.dirname, "../..");

/** Every file of tests in the repository. */
function testFiles(): string[] {
  const rooms = allRooms(root).map((room) => join(root, room, "test"));
  return [...rooms, join(root, "tests")]
    .filter((room) => existsSync(room))
    .flatMap((room) =>
      readdirSync(room, { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".ts") && !file.includes("node_modules"))
        .map((file) => join(room, file)),
    );
}

/** Ids that titles cite: one or more in square brackets at the beginning of a text. */
function citedIds(): Set<string> {
  const cited = testFiles().flatMap((file) => [
    ...readFileSync(file, "utf8").matchAll(/["'`]((?:\[(?:R-\d\d|[a-z][a-z0-9-]*:[a-z0-9-]+)\] ?)+)/g),
  ]);
  return new Set(cited.flatMap(([, ids]) => [...(ids ?? "").matchAll(/\[([^\]]+)\]/g)].map(([, id]) => id ?? "")));
}

describe("requirements", () => {
  const ids = REQUIREMENTS.map(({ id }) => id);

  test("requirements: every promise is proven by a test that cites it", () => {
    const cited = citedIds();
    expect(ids.filter((id) => !cited.has(id))).toEqual([]);
  });

  test("requirements: every test that cites an id cites a known one", () => {
    expect([...citedIds()].filter((id) => !ids.includes(id))).toEqual([]);
  });

  test("requirements: each id stands once, with a sentence and a source that exists", () => {
    expect(ids).toEqual([...new Set(ids)]);
    for (const { id, source, behaviour } of REQUIREMENTS) {
      expect(behaviour.length, id).toBeGreaterThan(15);
      expect(existsSync(join(root, source.split(" ")[0] ?? "")), `${id}: ${source}`).toBe(true);
    }
  });

  test("requirements: every rule of docs/security.md that a requirement names is a rule there", () => {
    const rules = new Set(
      [...readFileSync(join(root, "docs/security.md"), "utf8").matchAll(/^\| (R-\d\d) \|/gm)].map(([, id]) => id),
    );
    expect(rules.size).toBe(61);
    for (const { id, source } of REQUIREMENTS) {
      for (const rule of [...(id.startsWith("R-") ? [id] : []), ...(source.match(/R-\d\d/g) ?? [])])
        expect(rules.has(rule), rule).toBe(true);
    }
  });
});
