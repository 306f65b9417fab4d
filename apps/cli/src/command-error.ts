import { ExitCode as Exit } from "@saltgate/protocol/exit-codes";

export { Exit };

/** A failure that the person at the terminal can do something about. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  /** The command or step that mends it. */
  readonly mend: string | undefined;
  readonly exit: Exit;
  /** For programs: the detail code of the protocol, or one of ours. */
  readonly code: string;
  /** Whether the same may be tried again as it is. */
  readonly retryable: boolean;

  constructor(
    code: string,
    message: string,
    options: {
      readonly mend?: string | undefined;
      readonly exit?: Exit;
      readonly cause?: unknown;
      readonly retryable?: boolean;
    } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.mend = options.mend;
    this.exit = options.exit ?? Exit.Failed;
    this.retryable = options.retryable ?? false;
  }
}

/** The words of the command line are off. */
export function usageError(message: string, command: string): CommandError {
  return new CommandError("USAGE", message, {
    mend: `See: saltgate ${command}${command === "" ? "" : " "}--help`,
    exit: Exit.Usage,
  });
}
