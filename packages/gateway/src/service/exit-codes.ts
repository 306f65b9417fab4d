/** How a command of Saltgate ends. Stable: scripts and service managers act on these. Source: docs/exit-codes.md. */
export const ExitCode = {
  /** Done, or stopped when asked to. */
  Ok: 0,
  /** It was tried and failed; the message says why. */
  Failed: 1,
  /** The words of the command line are off. */
  Usage: 2,
  /** No gateway answered. */
  Unreachable: 3,
  /** The gateway refused: a wrong secret, a device that waits for approval, a scope that is missing. */
  NotPermitted: 4,
  /** The gateway can't start as it is configured, or another one holds its port or its state. Starting it again won't help. */
  Config: 78,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

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
