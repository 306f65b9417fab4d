import { CommandError, Exit } from "../command-error.ts";
import { printable, printableJson } from "./printable.ts";

/** Tells what went wrong and what mends it, and gives the exit code. Programs get it as JSON on standard output. */
export function reportError(error: unknown, json: boolean): Exit {
  const known = error instanceof CommandError ? error : asCommandError(error);
  if (json) {
    const { code, message, mend } = known;
    process.stdout.write(
      `${printableJson({ ok: false, error: { code, message, ...(mend !== undefined && { mend }) } })}\n`,
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

/** What the errors of our packages mean for a command, by the name of their class: the packages themselves may not be loaded. */
const KINDS: Readonly<
  Record<string, (code: string) => { readonly code: string; readonly exit: Exit; readonly mend: string | undefined }>
> = {
  ConfigError: (code) =>
    code === "option"
      ? { code: "USAGE", exit: Exit.Usage, mend: "See: saltgate --help" }
      : {
          code: `CONFIG_${code.toUpperCase()}`,
          exit: Exit.Config,
          mend: "See what is wrong with it: saltgate gateway status",
        },
  StoreError: (code) => ({ code: `STORE_${code.toUpperCase()}`, exit: Exit.Failed, mend: "Nothing was changed." }),
  IdentityFileError: (code) => ({ code: `IDENTITY_${code.toUpperCase()}`, exit: Exit.Failed, mend: undefined }),
};

function asCommandError(error: unknown): CommandError {
  const message = error instanceof Error ? error.message : String(error);
  const said = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
  const kind = error instanceof Error && said !== undefined ? KINDS[error.name] : undefined;
  const { code, exit, mend } = kind?.(said ?? "") ?? { code: said ?? "INTERNAL", exit: Exit.Failed, mend: undefined };
  return new CommandError(code, message.split("\n").slice(0, 20).join(" "), { cause: error, exit, mend });
}
