import fc from "fast-check";
import { expect, test } from "vitest";
import { compilePattern } from "../src/index.ts";

const linux = { homedir: "/home/me", platform: "linux" } as const;
const windows = { homedir: "C:\\Users\\Me", platform: "win32" } as const;
const isMatch = (pattern: string, path: string, rules: typeof linux | typeof windows = linux): boolean =>
  compilePattern(pattern, rules)?.(path) === true;

test("[R-36] pattern: a bare name matches nothing, wherever the program is", () => {
  for (const pattern of ["jq", "*", "**", "?q", "", "./jq", "../jq", "bin/jq", "a/../jq"]) {
    for (const path of ["/usr/bin/jq", "/jq", "jq", "./jq", "/a/jq"])
      expect(isMatch(pattern, path), pattern).toBe(false);
  }
});

test("[R-38] pattern: * and ? stay in one segment, ** crosses them, everything else stands for itself", () => {
  const table: [string, string, boolean][] = [
    ["/usr/bin/jq", "/usr/bin/jq", true],
    ["/usr/bin/jq", "/usr/bin/jqx", false],
    ["/usr/bin/jq", "/x/usr/bin/jq", false],
    ["/usr/bin/JQ", "/usr/bin/jq", false],
    ["/usr/bin/*", "/usr/bin/jq", true],
    ["/usr/bin/*", "/usr/bin/sub/jq", false],
    ["/usr/bin/*", "/usr/bin/", true],
    ["/usr/bin/j?", "/usr/bin/jq", true],
    ["/usr?bin/jq", "/usr/bin/jq", false],
    ["/usr/bin/j?", "/usr/bin/j\u{1f600}", true],
    ["/opt/ok/**", "/opt/ok/a/b/c", true],
    ["/opt/ok/**", "/opt/okay/a", false],
    ["/opt/ok/**", "/opt/ok", false],
    ["/opt/ok/**", "/opt/ok/../../bin/sh", false],
    ["/opt/ok/**", "/opt/ok/./x", false],
    ["/opt/ok/**", "opt/ok/x", false],
    ["**/jq", "/usr/bin/jq", true],
    ["**/jq", "/jq", true],
    ["/a/**/z", "/a/b/c/z", true],
    ["/a/**/z", "/a/z", false],
    ["/a/*/z", "/a//z", true],
    ["/opt/a.b", "/opt/axb", false],
    ["/opt/a+b(c)[d]{e}^$|", "/opt/a+b(c)[d]{e}^$|", true],
    ["/opt/a+", "/opt/aa", false],
    ["/opt/[ab]", "/opt/a", false],
    ["/opt/{a,b}", "/opt/a", false],
    ["/opt/a\\b", "/opt/a\\b", true],
    ["/opt/a\\b", "/opt/a/b", false],
    ["/opt/\\*", "/opt/x", false],
    ["~/bin/*", "/home/me/bin/tool", true],
    ["~/bin/*", "/home/you/bin/tool", false],
    ["~", "/home/me", true],
    ["~me/bin", "/home/me/bin", false],
    ["/x/~/y", "/home/me/y", false],
    ["/opt/x\n", "/opt/x\n", false],
  ];
  for (const [pattern, path, expected] of table) expect(isMatch(pattern, path), `${pattern} ${path}`).toBe(expected);
});

test("[R-38] pattern: what is special in the home folder's name stands for itself", () => {
  const rules = { homedir: "/home/a*b", platform: "linux" } as const;
  expect(compilePattern("~/x", rules)?.("/home/a*b/x")).toBe(true);
  expect(compilePattern("~/x", rules)?.("/home/aXb/x")).toBe(false);
});

test("[R-38] pattern: only on Windows case doesn't count, and both slashes are one", () => {
  expect(isMatch("C:\\Tools\\*.exe", "c:\\tools\\JQ.EXE", windows)).toBe(true);
  expect(isMatch("c:/tools/jq.exe", "C:\\Tools\\jq.exe", windows)).toBe(true);
  expect(isMatch("~\\bin\\x.exe", "c:\\users\\me\\bin\\x.exe", windows)).toBe(true);
  expect(isMatch("C:\\Tools\\*", "C:\\Tools\\sub\\jq.exe", windows)).toBe(false);
  expect(isMatch("C:\\Tools\\**", "C:\\Tools\\..\\cmd.exe", windows)).toBe(false);
  expect(isMatch("C:\\**", "\\tools\\x", windows)).toBe(false);
});

/** The same rules, said once more by a regular expression. */
const bySpecification = (pattern: string, path: string): boolean =>
  new RegExp(
    `^${pattern
      .split(/(\*\*|\*|\?)/)
      .map((part) =>
        part === "**"
          ? "[^]*"
          : part === "*"
            ? "[^/]*"
            : part === "?"
              ? "[^/]"
              : part.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&"),
      )
      .join("")}$`,
    "u",
  ).test(path);

test("[R-38] pattern: any pattern of pieces matches what the rules say, and never by a detour", () => {
  const piece = fc.constantFrom("/", "/", "a", "b", ".", "*", "**", "?", "+", "(", "é", "\\", "..");
  const text = fc.array(piece, { maxLength: 8 }).map((parts) => `/${parts.join("")}`);
  fc.assert(
    fc.property(text, text, (pattern, path) => {
      const matches = compilePattern(pattern, linux);
      const isStraight = !/(?:^|\/)\.\.?(?:\/|$)/.test(path);
      if (matches === undefined) expect(pattern).toMatch(/(?:^|[/\\])\.\.?(?:[/\\]|$)/);
      else expect(matches(path)).toBe(isStraight && bySpecification(pattern, path));
    }),
    { numRuns: 20_000 },
  );
});

test("[R-38] pattern: no pattern takes long, however many stars it has", () => {
  const matches = compilePattern(`/${"**a*".repeat(1_000)}b`, linux)!;
  expect(matches(`/${"a".repeat(2_000)}`)).toBe(false);
});
