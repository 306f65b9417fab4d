import fc from "fast-check";
import { expect, test } from "vitest";
import { renderArgv } from "../src/index.ts";

/** The one command that a text stands for, read back by rules of its own. */
function argvOf(text: string): string[] {
  const argv: string[] = [];
  let at = 0;
  const expectText = (part: string): void => {
    if (!text.startsWith(part, at)) throw new Error(`expected ${part} at ${at} of ${text}`);
    at += part.length;
  };
  while (at < text.length) {
    if (argv.length > 0) expectText(" ");
    if (text.startsWith("$'", at)) {
      at += 2;
      let word = "";
      while (text[at] !== "'") {
        const code = /^\\u\{([0-9a-f]+)\}/.exec(text.slice(at));
        if (code) {
          word += String.fromCodePoint(Number.parseInt(code[1]!, 16));
          at += code[0].length;
        } else {
          if (text[at] === "\\") at += 1;
          word += text[at];
          at += 1;
        }
      }
      at += 1;
      argv.push(word);
    } else if (text[at] === "'") {
      const end = text.indexOf("'", at + 1);
      argv.push(text.slice(at + 1, end));
      at = end + 1;
    } else {
      const end = text.indexOf(" ", at);
      argv.push(text.slice(at, end === -1 ? undefined : end));
      at = end === -1 ? text.length : end;
    }
  }
  return argv;
}

test("[R-34] command text: plain words stand as they are, others in quotes, and what can't be seen is spelled out", () => {
  const texts: [string[], string][] = [
    [["/usr/bin/uptime", "-p"], "/usr/bin/uptime -p"],
    [["echo", "two words", ""], "echo 'two words' ''"],
    [["echo", "$HOME", "a;b", "*", "~", "#x"], "echo '$HOME' 'a;b' '*' '~' '#x'"],
    [["echo", "it's", "a\\b"], "echo $'it\\'s' $'a\\\\b'"],
    [["echo", "a\nb", "\u001b[2J", "\u007f"], "echo $'a\\u{a}b' $'\\u{1b}[2J' $'\\u{7f}'"],
    [
      ["rm", "\u202etxt.exe", "a\u200bb", "a\u00a0b", "\u2800"],
      "rm $'\\u{202e}txt.exe' $'a\\u{200b}b' $'a\\u{a0}b' $'\\u{2800}'",
    ],
    [["cat", "e\u0301", "é", "ﬁ", "／etc"], "cat $'e\\u{301}' 'é' $'\\u{fb01}' $'\\u{ff0f}etc'"],
    [["echo", "Grüße", "мир", "日本", "mир"], "echo 'Grüße' 'мир' '日本' $'m\\u{438}\\u{440}'"],
    [["l\u0455", "\u05d0"], "$'l\\u{455}' $'\\u{5d0}'"],
    [["\u0441\u0430\u0442"], "$'\\u{441}\\u{430}\\u{442}'"],
    [["x", "\ud800"], "x $'\\u{d800}'"],
  ];
  for (const [argv, text] of texts) expect(renderArgv(argv)).toBe(text);
});

const nasty = fc.constantFrom(
  "'",
  '"',
  "\\",
  "$",
  " ",
  "\n",
  "\0",
  "\u202e",
  "\u200d",
  "u{41}",
  "\\u{41}",
  "$'",
  "'\\''",
  "a",
  "а",
  "é",
  "e\u0301",
  "\u{1f600}",
  "\ud800",
  "=",
  "-",
);
const argument = fc.oneof(
  fc.array(nasty, { maxLength: 8 }).map((parts) => parts.join("")),
  fc.string({ unit: "binary" }),
);

test("[R-34] command text: no two commands are rendered alike; the text can be read back exactly", () => {
  fc.assert(
    fc.property(fc.array(argument, { minLength: 1, maxLength: 6 }), (argv) => {
      const text = renderArgv(argv);
      expect(argvOf(text)).toEqual(argv);
      expect(text).not.toMatch(/[\p{C}\p{Zl}\p{Zp}\p{M}]|(?! )\p{Zs}/u);
    }),
    { numRuns: 5_000 },
  );
});

test("[R-34] command text: texts that look alike stand for the same command", () => {
  // What a person sees at most: compatibility forms folded, marks joined, width and format gone.
  const seen = (text: string): string => text.normalize("NFKC").replace(/\p{C}/gu, "");
  fc.assert(
    fc.property(
      fc.array(argument, { minLength: 1, maxLength: 4 }),
      fc.array(argument, { minLength: 1, maxLength: 4 }),
      (one, two) => {
        if (seen(renderArgv(one)) === seen(renderArgv(two))) expect(one).toEqual(two);
      },
    ),
    { numRuns: 5_000 },
  );
});
