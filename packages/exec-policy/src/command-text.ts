// Letters that are shown as they are. Scripts that run from right to left, marks that join with what stands before
// them, compatibility forms, symbols, punctuation and everything invisible are escaped: each can make one command look
// like another one, or reorder what stands around it.
const shownLetter =
  /^[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]$/u;
const letter = /^[\p{Lu}\p{Ll}\p{Lo}]$/u;
const lookalikeRun = /[\p{L}\p{M}\p{N}]+/gu;
const lookalikeScripts = /[\p{Script=Cyrillic}\p{Script=Greek}]/gu;

const bareWord = /^[A-Za-z0-9_@%+=:,./-]+$/;
const quotable = /^[^'\\]*$/u;

const escapeOf = (character: string): string => `\\u{${character.codePointAt(0)!.toString(16)}}`;

const isShown = (character: string): boolean =>
  letter.test(character) && shownLetter.test(character) && character.normalize("NFKC") === character;

/** One argument, with what isn't shown as it is as escapes; `undefined` when nothing needs one. */
function escaped(argument: string, isProgram: boolean): string | undefined {
  // Cyrillic and Greek letters beside Latin ones in one word: the mixture is there to be mistaken.
  const mixed = new Set<number>();
  for (const run of argument.matchAll(lookalikeRun)) {
    if (!/\p{Script=Latin}/u.test(run[0])) continue;
    for (const odd of run[0].matchAll(lookalikeScripts)) mixed.add(run.index + odd.index);
  }
  let isEscaped = false;
  let text = "";
  let at = 0;
  for (const character of argument) {
    const isAscii = character >= " " && character <= "~";
    if (isAscii || (!isProgram && !mixed.has(at) && isShown(character))) {
      text += character === "'" || character === "\\" ? `\\${character}` : character;
    } else {
      isEscaped = true;
      text += escapeOf(character);
    }
    at += character.length;
  }
  return isEscaped || !quotable.test(argument) ? text : undefined;
}

/** One word of a command, as {@link renderArgv} shows it. */
export function renderWord(argument: string, isProgram = false): string {
  if (bareWord.test(argument)) return argument;
  const text = escaped(argument, isProgram);
  return text === undefined ? `'${argument}'` : `$'${text}'`;
}

/**
 * A command as its owner is shown it: canonical, and no two different commands look alike. Words that a shell takes as
 * they are stand bare, others in `'…'`; where something can't be shown, in `$'…'` with `\u{…}` for it and `\'`, `\\`.
 * In the name of the program everything but printable ASCII is escaped.
 */
export function renderArgv(argv: readonly string[]): string {
  return argv.map((argument, index) => renderWord(argument, index === 0)).join(" ");
}
