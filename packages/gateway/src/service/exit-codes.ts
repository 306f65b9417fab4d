import { ExitCode } from "@saltgate/protocol/exit-codes";

export { ExitCode };

/** Why a gateway doesn't start: what happened, what mends it, and the exit code. */
export class StartError extends Error {
  override readonly name = "StartError";
  readonly mend: string;
  readonly exitCode: ExitCode;

  constructor(
    message: string,
    mend: string,
    exitCode: ExitCode = ExitCode.Config,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
    this.mend = mend;
    this.exitCode = exitCode;
  }
}
