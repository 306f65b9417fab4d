/** What a text means to a shell: one command of literal words, or something that only a shell could tell. */
export type ShellText =
  | { readonly ok: true; readonly argv: readonly string[] }
  | { readonly ok: false; readonly reason: string };

export type ShellDialect = "posix" | "fish" | "cmd";

const notLiteral = (reason: string): ShellText => ({ ok: false, reason });

// Words that mean something to one of the shells when they stand first: keywords, modifiers, and builtins that change
// the shell or run something. echo, printf, test, [, true, false, pwd, kill and realpath do what those programs do.
const shellWords: ReadonlySet<string> = new Set(
  `! { } [[ ]] (( case coproc do done elif else end esac fi for foreach function if in nocorrect repeat select then time
  until while and begin not or switch . : - alias autoload bg bind bindkey break builtin caller cd chdir command compgen
  complete compopt continue declare dirs disable disown emulate enable eval exec exit export fc fg float functions getopts
  hash help history integer jobs let limit local logout mapfile noglob popd print pushd read readarray readonly
  rehash return sched set setopt shift shopt source suspend switch times trap type typeset ulimit umask unalias unfunction
  unhash unlimit unset unsetopt wait whence where which abbr argparse block cdh contains count emit fish_config funced
  funcsave isatty math nextd prevd random set_color status string vared zcompile zmodload zparseopts zstyle
  bye compadd comparguments compcall compctl compdescribe compfiles compgroups compquote compset comptags comptry compvalues echotc
  echoti getln log private pushln r ttyctl zformat zle zregexparse _ breakpoint commandline path`
    .split(/\s+/)
    .filter((word) => word !== ""),
);

const cmdWords: ReadonlySet<string> = new Set(
  `assoc break call cd chcp chdir cls color copy date del dir dpath echo endlocal erase exit for ftype goto if keys md
  mkdir mklink move path pause popd prompt pushd rd rem ren rename rmdir set setlocal shift start time title type ver
  verify vol`.split(/\s+/),
);

/** Outside quotes only these stand for themselves in every shell, at every place of a word. */
const plainCharacter = /^[A-Za-z0-9_\-./,:@+=]$/;
const printableAscii = /^[ -~]$/;

/**
 * Reads the text of `sh -c text` if it is one command of literal words; each word is then exactly what that shell
 * would pass to the program. Anything else is refused (rule R-33): substitutions and variables (also in double quotes),
 * globs, braces, `~`, comments, assignments, redirections, operators, keywords, newlines and continuations, control
 * characters, and what shells understand differently.
 */
export function readShellText(text: string, dialect: Exclude<ShellDialect, "cmd"> = "posix"): ShellText {
  const argv: string[] = [];
  let word: string | undefined;
  let isFirstQuoted = false;
  let at = 0;
  const take = (part: string): void => {
    word = (word ?? "") + part;
  };
  const control = /(?!\t)[\p{Cc}\p{Cs}]/u.exec(text);
  if (control) return notLiteral("it has a line break or a control character");
  while (at < text.length) {
    const character = text[at]!;
    at += 1;
    if (character === " " || character === "\t") {
      if (word !== undefined) argv.push(word);
      word = undefined;
    } else if (character === "'") {
      const end = text.indexOf("'", at);
      if (end === -1) return notLiteral("a quote isn't closed");
      const quoted = text.slice(at, end);
      if (dialect === "fish" && quoted.includes("\\"))
        return notLiteral("fish reads a backslash in quotes differently");
      isFirstQuoted ||= argv.length === 0;
      take(quoted);
      at = end + 1;
    } else if (character === '"') {
      isFirstQuoted ||= argv.length === 0;
      take("");
      for (;;) {
        const inside = text[at];
        if (inside === undefined) return notLiteral("a quote isn't closed");
        at += 1;
        if (inside === '"') break;
        if (inside === "$" || inside === "`") return notLiteral(`"${inside}" in double quotes`);
        if (inside !== "\\") take(inside);
        else {
          // Of backslashes in double quotes these two mean the same everywhere.
          const escaped = text[at];
          if (dialect === "fish" || (escaped !== '"' && escaped !== "\\"))
            return notLiteral("a backslash in double quotes");
          take(escaped);
          at += 1;
        }
      }
    } else if (character === "\\") {
      const escaped = text[at];
      if (escaped === undefined || !printableAscii.test(escaped))
        return notLiteral("a backslash before nothing printable");
      if (dialect === "fish") return notLiteral("fish reads a backslash differently");
      isFirstQuoted ||= argv.length === 0;
      take(escaped);
      at += 1;
    } else if (!plainCharacter.test(character)) {
      return notLiteral(
        printableAscii.test(character)
          ? `"${character}" outside quotes`
          : "a letter outside quotes that shells read differently",
      );
    } else if (character === "=" && (word === undefined || word === "" || argv.length === 0)) {
      // FOO=bar before a command is an assignment, and zsh reads =ls as the path of ls, also behind empty quotes.
      return notLiteral('a word that begins with "=", or an assignment');
    } else {
      take(character);
    }
  }
  if (word !== undefined) argv.push(word);
  const [first] = argv;
  if (first === undefined || first === "") return notLiteral("it names no program");
  if (shellWords.has(first) || (isFirstQuoted && /^[=~]/.test(first)))
    return notLiteral(`"${first}" is a word of the shell`);
  return { ok: true, argv };
}

/**
 * The same for `cmd.exe /c text`: words of plain characters, or in double quotes without anything that cmd.exe or the
 * program's own reading of its command line could take differently (`%`, `^`, `&`, `|`, `<`, `>`, `!`, a backslash
 * before a quote). Its separators `,` `;` `=` and its builtins are refused too.
 */
export function readCmdText(text: string): ShellText {
  if (!/^[ -~]*$/.test(text)) return notLiteral("it has characters that aren't printable ASCII");
  const argv: string[] = [];
  const word = / *(?:"([A-Za-z0-9_\-./:@+ (),;='~#$*?[\]{}\\]*)"|([A-Za-z0-9_\-./:@+\\]+))(?= |$)/y;
  for (let at = 0; at < text.trimEnd().length; at = word.lastIndex) {
    word.lastIndex = at;
    const found = word.exec(text.trimEnd());
    if (!found) return notLiteral("it has characters that cmd.exe gives a meaning");
    const [, quoted, plain] = found;
    if (quoted?.endsWith("\\")) return notLiteral("a backslash before a quote");
    argv.push(quoted ?? plain!);
  }
  const [first] = argv;
  if (first === undefined || first === "") return notLiteral("it names no program");
  // cmd.exe ends the name of a builtin at more than a space: `del/q`, `cd..`, `echo.x`; `@` and `:` are its own signs.
  const [name = ""] = /^[a-z0-9_-]*/.exec(first.toLowerCase()) ?? [];
  if (cmdWords.has(name) || /^[@:+]/.test(first)) return notLiteral(`"${first}" is a word of cmd.exe`);
  return { ok: true, argv };
}

/** Whether an argument could mean something to cmd.exe, which runs every `.bat` and `.cmd` file (rule R-33). */
export function hasCmdMeaning(argument: string): boolean {
  return !/^[A-Za-z0-9_\-./:@+\\]+$/.test(argument);
}
