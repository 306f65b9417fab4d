/** How a command of a node ends. Stable: scripts and service managers act on these. Source: docs/exit-codes.md. */
export const ExitCode = {
  /** Done, or stopped when asked to. */
  Ok: 0,
  /** It was tried and failed; the message says why. */
  Failed: 1,
  /** The words of the command line are off. */
  Usage: 2,
  /** No gateway answered, or no node runs here. */
  Unreachable: 3,
  /** The gateway refused: a wrong secret, a used invitation, another certificate than the pinned one. */
  NotPermitted: 4,
  /** The node can't start as it is set up, or another one runs on its state. Starting it again won't help. */
  Config: 78,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

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
