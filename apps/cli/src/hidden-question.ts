import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { CommandError, Exit } from "./command-error.ts";

/** Asks for a secret on the terminal; what is typed is not shown. @throws {CommandError} when it is left with Ctrl-C */
export async function askHidden(question: string): Promise<string> {
  // The line editor writes what is typed: into nothing.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  process.stderr.write(question);
  try {
    return await new Promise<string>((resolve, reject) => {
      terminal.once("line", resolve);
      const left = (): void => reject(new CommandError("LEFT", "nothing was changed", { exit: Exit.Failed }));
      terminal.once("SIGINT", left);
      terminal.once("close", left);
    });
  } finally {
    terminal.close();
    process.stderr.write("\n");
  }
}
