import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readCmdText, readShellText } from "../src/index.ts";

/** Texts that a shell would change, split, or do more with than run one program. */
const corpus = [
  // biome-ignore lint/suspicious/noTemplateCurlyInString: these are what shells substitute
  ...'$HOME;${HOME};$(id);`id`;$((1+1));$\'a\';$"a";$1;$?;$$;"$HOME";"$(id)";"`id`";"a${b}";"$((1))"'
    .split(";")
    .map((part) => `ls ${part}`),
  "ls <(id)",
  "ls >(id)",
  "ls > x",
  "ls >> x",
  "ls < x",
  "ls 2>&1",
  "ls &> x",
  "ls <<EOF",
  "ls <<<x",
  "ls >|x",
  "ls; id",
  "ls;id",
  "ls && id",
  "ls || id",
  "ls | id",
  "ls |& id",
  "ls & id",
  "ls &",
  "ls\nid",
  "ls\rid",
  "ls \\\nid",
  "ls 'a\nb'",
  "ls *",
  "ls ?",
  "ls [a]",
  "ls {a,b}",
  "ls {1..3}",
  "ls ~",
  "ls ~root",
  "ls a=~",
  "ls #x",
  "ls a#b",
  "ls !x",
  "ls !!",
  "ls ^a^b",
  "(ls)",
  "{ ls; }",
  "! ls",
  "if ls",
  "while true",
  "function x",
  "time ls",
  "coproc ls",
  "[[ a ]]",
  "case x in",
  "A=b ls",
  "A=b",
  "a+=b",
  "=ls",
  "ls =ls",
  "PATH=. ls",
  "'=ls'",
  "\\=ls",
  '"~"',
  "eval ls",
  "exec ls",
  "command ls",
  "builtin ls",
  ". x",
  "source x",
  "cd /",
  "export A",
  "set -x",
  "trap x",
  "alias a",
  ": x",
  "unset a",
  "nohup ls &",
  "ls 'a",
  'ls "a',
  "ls a\\",
  'ls "a\\',
  "",
  "   ",
  "\t",
  "''",
  '"" x',
  'ls "a\\nb"',
  'ls "\\$x"',
  "ls %1",
  "ls \u00a0x",
  "ls \u2003x",
  "ls é",
  "ls a\u0000b",
  "ls \u001b",
  "ls \u007f",
  "ls \u0085x",
  "ls \ud800",
  "ls ＄x",
  "noglob ls *",
  "- ls",
  "ls (a)",
  "ls @(a)",
  "ls +(a|b)",
];

test("[R-33] shell text: everything that isn't literal is refused", () => {
  for (const text of corpus) {
    for (const dialect of ["posix", "fish"] as const) {
      expect(readShellText(text, dialect), JSON.stringify(text)).toMatchObject({
        ok: false,
        reason: expect.any(String),
      });
    }
  }
});

test("[R-33] shell text: literal words are what a shell makes of them", () => {
  const table: [string, string[]][] = [
    ["ls", ["ls"]],
    ["  ls \t -l  ", ["ls", "-l"]],
    ["/usr/bin/ls --color=auto a,b:c@d+e_f.g", ["/usr/bin/ls", "--color=auto", "a,b:c@d+e_f.g"]],
    ["ls 'a b' \"c d\" e\\ f", ["ls", "a b", "c d", "e f"]],
    ["l's' a'b'\"c\"d", ["ls", "abcd"]],
    ["ls '$HOME' '`id`' '*' '#' '~' 'é' '!'", ["ls", "$HOME", "`id`", "*", "#", "~", "é", "!"]],
    ["ls \\$HOME \\* \\; \\' \\\\", ["ls", "$HOME", "*", ";", "'", "\\"]],
    ['ls "a\\"b" "a\\\\b" "*" "it\'s"', ["ls", 'a"b', "a\\b", "*", "it's"]],
    ["ls '' \"\"", ["ls", "", ""]],
  ];
  for (const [text, argv] of table) expect(readShellText(text), text).toEqual({ ok: true, argv });
});

test("[R-33] shell text: what fish reads differently is refused for fish", () => {
  for (const text of ["ls a\\ b", "ls '\\\\'", "ls '\\''x'", 'ls "a\\"b"'])
    expect(readShellText(text, "fish").ok, text).toBe(false);
  expect(readShellText("ls 'a b' \"c\" d=e", "fish")).toEqual({ ok: true, argv: ["ls", "a b", "c", "d=e"] });
});

const shells = ["/bin/sh", "/bin/dash", "/bin/bash", "/bin/zsh", "/bin/ksh", "/bin/mksh", "/bin/fish"].filter((path) =>
  existsSync(path),
);

/** What a shell passes on, for many texts at once: each is a line that calls `show`, which prints its words. */
function wordsBy(shell: string, lines: readonly string[]): string[][] {
  const isFish = shell.endsWith("fish");
  const show = isFish
    ? "function show; for word in $argv; printf '%s\\0' $word; end; printf '\\1'; end"
    : "show() { for word in \"$@\"; do printf '%s\\0' \"$word\"; done; printf '\\1'; }";
  const done = spawnSync(shell, [...(isFish ? ["--no-config"] : []), "-c", [show, ...lines].join("\n")], {
    encoding: "utf8",
    env: { PATH: "/usr/bin:/bin", HOME: "/nonexistent", LC_ALL: "C.UTF-8" },
    cwd: "/",
    maxBuffer: 64 * 1024 * 1024,
    timeout: 60_000,
  });
  if (done.status !== 0 || done.stderr !== "")
    throw new Error(`${shell}: ${done.status} ${done.stderr.slice(0, 500)} ${done.error ?? ""}`);
  return done.stdout
    .split("\u0001")
    .slice(0, -1)
    .map((line) => line.split("\0").slice(0, -1));
}

const fragment = fc.constantFrom(
  ...'a|b|-l|--x=y|/etc|.|..|,|:|@|+|_|=|1|\'|\'|"|"|\\|\\|\\\\| | |\t|$|`|$(|)|(|*|?|[|]|{|}|~|#|!|%|^|&|;|<|>|é|\u00a0|$HOME|\\n|\'\'|""|\\\'|\\"|\'a b\'|"a b"|"$x"|if|cd'.split(
    "|",
  ),
  "|",
  "\n",
);
const quoted = fc
  .string({ unit: fc.constantFrom(...'ab $`\\"*~#é!?;&|<>=%^(){}[]\t'.split("")), maxLength: 8 })
  .map((text) => `'${text}'`);
const words = fc
  .array(fc.oneof({ weight: 3, arbitrary: fragment }, quoted), { maxLength: 10 })
  .map((parts) => parts.join(""));
const first = fc.constantFrom("show", "'show'", '"show"', "s\\how", "sh'o'w", 'sh""ow', "s''how", "\\show");

test.each(shells)("[R-33] shell text: what we read as words is what %s makes of them", (shell) => {
  const dialect = shell.endsWith("fish") ? "fish" : "posix";
  const accepted: { text: string; argv: readonly string[] }[] = [];
  const samples = fc.sample(fc.tuple(first, words), { numRuns: 30_000, seed: 20_261_120 });
  for (const [name, rest] of samples) {
    for (const text of [`${name} ${rest}`, `${name}${rest}`]) {
      const read = readShellText(text, dialect);
      if (read.ok && read.argv[0] === "show") accepted.push({ text, argv: read.argv });
    }
  }
  expect(accepted.length).toBeGreaterThan(2_000);
  for (let at = 0; at < accepted.length; at += 1_000) {
    const batch = accepted.slice(at, at + 1_000);
    expect(
      wordsBy(
        shell,
        batch.map(({ text }) => text),
      ),
    ).toEqual(batch.map(({ argv }) => argv.slice(1)));
  }
});

/** What the shells of this machine know by themselves, as they list it. */
function ownWords(): readonly string[] {
  const lists: Record<string, string> = {
    "/bin/bash": "compgen -b -k",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: zsh reads it
    "/bin/zsh": "print -l ${(k)builtins} ${(k)reswords}",
    "/bin/fish": "builtin -n",
  };
  return shells.flatMap((shell) => {
    const list = lists[shell];
    return list === undefined ? [] : spawnSync(shell, ["-c", list], { encoding: "utf8" }).stdout.split("\n");
  });
}

test("[R-33] shell text: a first word that we take for a program is none of the shells' own words", () => {
  const harmless = new Set(["echo", "printf", "test", "[", "true", "false", "pwd", "kill", "realpath"]);
  const names = [...new Set([...ownWords(), "eval", "exec", "cd", "command", "set", "if", "."])];
  const taken = names.filter((name) => name !== "" && !harmless.has(name) && readShellText(`${name} x`).ok);
  expect(taken).toEqual([]);
});

test("[R-33] shell text: any words, quoted plainly, are read back", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme" }), { maxLength: 5 }), (rest) => {
      const argv = ["/opt/tool", ...rest];
      const read = readShellText(argv.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" "));
      if (rest.some((word) => /(?!\t)\p{Cc}/u.test(word))) expect(read.ok).toBe(false);
      else expect(read).toEqual({ ok: true, argv });
    }),
  );
});

test("[R-33] cmd text: variables, carets, operators, and what cmd.exe splits or runs itself are refused", () => {
  const texts = [
    "x %PATH%",
    "x %1",
    "x ^a",
    "x a^",
    "x & y",
    "x && y",
    "x | y",
    "x > f",
    "x < f",
    "x !a!",
    "x (a)",
    "x a,b",
    "x a;b",
    "x a=b",
    'x "%PATH%"',
    'x "a^b"',
    'x "a&b"',
    'x "a|b"',
    'x "a>b"',
    'x "a!b"',
    'x "a\\" b',
    'x "a',
    'x a"b"',
    'x "a"b',
    "x\ny",
    "x\r\ny",
    "x é",
    "x \u0000",
    "dir",
    "DEL x",
    "call x",
    "start x",
    "set a",
    "for x",
    "if x",
    "",
    "  ",
    '""',
    "x *",
    "x 'a'",
    "x `a`",
    "x ~",
    "@echo",
    "del/q x",
    "cd..",
    "echo.x",
    "type\\x",
    ":label",
    "x #",
  ];
  for (const text of texts) expect(readCmdText(text), text).toMatchObject({ ok: false });
  expect(readCmdText('C:\\Tools\\jq.exe -r "a b" x/y_z.1')).toEqual({
    ok: true,
    argv: ["C:\\Tools\\jq.exe", "-r", "a b", "x/y_z.1"],
  });
});
