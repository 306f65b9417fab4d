import { ExitCode } from "@saltgate/protocol/exit-codes";

export { ExitCode };

/** Why a command of a node ended: what happened, what mends it, and the exit code. */
export class NodeServiceError extends Error {
  override readonly name = "NodeServiceError";
  readonly mend: string | undefined;
  readonly exitCode: ExitCode;
  /** For programs. */
  readonly code: string;

  constructor(
    code: string,
    message: string,
    options: { readonly exitCode: ExitCode; readonly mend?: string | undefined; readonly cause?: unknown },
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.mend = options.mend;
    this.exitCode = options.exitCode;
  }
}
