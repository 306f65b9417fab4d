import { CommandError, Exit } from "../command-error.ts";
import { printable } from "./printable.ts";

/** Tells what went wrong and what mends it, and gives the exit code. Programs get it as JSON on standard output. */
export function reportError(error: unknown, json: boolean): Exit {
  const known = error instanceof CommandError ? error : asCommandError(error);
  if (json) {
    const { code, message, mend } = known;
    process.stdout.write(
      `${JSON.stringify({ ok: false, error: { code, message, ...(mend !== undefined && { mend }) } })}\n`,
    );
  } else {
    const message = printable(known.message);
    process.stderr.write(
      `${message.charAt(0).toUpperCase()}${message.slice(1)}${/[.!?)]$/.test(message) ? "" : "."}\n`,
    );
    if (known.mend !== undefined) process.stderr.write(`${printable(known.mend)}\n`);
  }
  return known.exit;
}

function asCommandError(error: unknown): CommandError {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "INTERNAL";
  const isConfig = error instanceof Error && error.name === "ConfigError";
  return new CommandError(code, message.split("\n").slice(0, 20).join(" "), {
    cause: error,
    exit: isConfig ? Exit.Config : Exit.Failed,
  });
}
