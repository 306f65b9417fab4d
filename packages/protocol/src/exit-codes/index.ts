/** How a process of Saltgate ends. Stable: scripts and service managers act on these. Source: docs/exit-codes.md. */
export const ExitCode = {
  /** Done, or stopped when asked to. */
  Ok: 0,
  /** It was tried and failed; the message says why. */
  Failed: 1,
  /** The words of the command line are off. */
  Usage: 2,
  /** No gateway answered, or none runs here. */
  Unreachable: 3,
  /** The gateway refused: a wrong secret, a device that waits for approval, a scope that is missing, a used invitation. */
  NotPermitted: 4,
  /** It can't start as it is configured, or another one holds its port or its state. Starting it again won't help. */
  Config: 78,
} as const;
/** A code of {@link ExitCode}. */
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
