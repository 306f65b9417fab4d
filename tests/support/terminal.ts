import { Child } from "./child.ts";
import type { RunOptions, Sandbox } from "./sandbox.ts";
import { commandWords } from "./sandbox.ts";

/** Runs the command on a terminal of its own: what it writes there is the child's output, and keys are its input. */
export function startOnTerminal(sandbox: Sandbox, words: readonly string[], options: RunOptions = {}): Child {
  const quoted = [process.execPath, ...(options.node ?? commandWords), ...words].map(
    (word) => `'${word.replaceAll("'", `'\\''`)}'`,
  );
  // What stands before it gives the terminal a size: one that nobody watches has none.
  const line = `stty cols 80 rows 24; exec ${quoted.join(" ")}`;
  return new Child("script", ["-qefc", line, "/dev/null"], {
    env: { ...(options.env ?? sandbox.env), TERM: "xterm", SHELL: "/bin/sh" },
    cwd: sandbox.home,
    input: options.input,
    keepInput: true,
  });
}

/** What stands on a terminal after all that was written to it: lines without the orders to the terminal. */
export function shownLines(written: string): string[] {
  const lines: string[] = [""];
  for (const [piece] of written.matchAll(/\u001b\[([0-9;]*)([A-Za-z])|\r\n|\n|\r|[^\u001b\r\n]+|[\s\S]/g)) {
    const last = lines.length - 1;
    if (piece === "\r\n" || piece === "\n") lines.push("");
    else if (piece === "\u001b[0J") lines[last] = "";
    else if (piece !== "\r" && !piece.startsWith("\u001b[")) lines[last] += piece;
  }
  return lines;
}
