/** What went wrong on a bus. Codes are for programs, messages for people. */
export const BusErrorCode = {
  /** A subject or pattern that the grammar doesn't allow. */
  InvalidSubject: "invalid-subject",
  /** Nobody handles this subject now. Trying again makes sense once somebody does. */
  NoHandler: "no-handler",
  /** The handler didn't answer in time. It may still have done its work. */
  Timeout: "timeout",
  /** The handler failed; the message is its own. */
  Failed: "failed",
  /** Somebody handles this subject already. */
  Taken: "taken",
  /** A bound on subscriptions, handlers or waiting requests was reached. */
  TooMany: "too-many",
  Closed: "closed",
} as const;
export type BusErrorCode = (typeof BusErrorCode)[keyof typeof BusErrorCode];

/** A failure of the bus itself or, with code `failed`, of the handler that was asked. */
export class BusError extends Error {
  override readonly name = "BusError";
  readonly code: BusErrorCode;

  constructor(code: BusErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
