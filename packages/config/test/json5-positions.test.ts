import fc from "fast-check";
import JSON5 from "json5";
import { expect, test } from "vitest";
import { findPositions } from "../src/json5-positions.ts";

test("positions: keys of every spelling, comments and brackets inside texts are followed", () => {
  const text = [
    "// { not: 'this' }",
    "{",
    "  plain: { 'single': 1, \"double\": '}{][:,//' },",
    "  /* { nor: this } */ list: [ 1, { inner: -Infinity }, // ]",
    "    'a\\'b',",
    "    [ +.5e3 ] ],",
    '  "esc\\u0061ped": 0x1F, $dollar_: null,',
    "}",
  ].join("\n");
  JSON5.parse(text); // valid, as promised to the scanner
  const { lineOf } = findPositions(text);
  const lines = Object.fromEntries(
    [
      "plain",
      "plain.single",
      "plain.double",
      "list",
      "list[0]",
      "list[1].inner",
      "list[2]",
      "list[3]",
      "list[3][0]",
      "escaped",
      "$dollar_",
    ].map((path) => [path, lineOf(path)]),
  );
  expect(lines).toEqual({
    plain: 3,
    "plain.single": 3,
    "plain.double": 3,
    list: 4,
    "list[0]": 4,
    "list[1].inner": 4,
    "list[2]": 5,
    "list[3]": 6,
    "list[3][0]": 6,
    escaped: 7,
    $dollar_: 7,
  });
  expect(lineOf("not")).toBeUndefined();
  expect(lineOf("nor")).toBeUndefined();
});

test("positions: Windows line ends count once", () => {
  expect(findPositions("{\r\n a: 1,\r\n b: 2 }").lineOf("b")).toBe(3);
});

/** Paths as the scanner writes them, from a parsed value. */
function pathsOf(value: unknown, path = ""): string[] {
  if (Array.isArray(value))
    return value.flatMap((item, index) => [`${path}[${index}]`, ...pathsOf(item, `${path}[${index}]`)]);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => {
    const member = path === "" ? key : `${path}.${key}`;
    return [member, ...pathsOf(item, member)];
  });
}

test("positions: every path of every document is found, on the line where it was written", () => {
  const documents = fc.jsonValue({ maxDepth: 4 }).filter((value) => typeof value === "object" && value !== null);
  fc.assert(
    fc.property(documents, fc.boolean(), (document, asJson5) => {
      const text = asJson5 ? JSON5.stringify(document, null, 2) : JSON.stringify(document, null, 2);
      const { lineOf } = findPositions(text);
      let last = 0;
      for (const path of pathsOf(JSON5.parse(text)).filter((one) => !one.startsWith(".") && !/^\[|\.\.|^$/.test(one))) {
        const line = lineOf(path);
        expect(line, path).toBeGreaterThan(0);
        last = Math.max(last, line ?? 0);
      }
      expect(last).toBeLessThanOrEqual(text.split("\n").length);
    }),
  );
});

test("positions: no text makes the scanner throw or hang", () => {
  fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => void findPositions(text)));
  for (const text of ["[[[[", "{a", "{a:", "{a:}", "[,,,]", "{'", "/*", "{a:[}]"]) findPositions(text);
});
