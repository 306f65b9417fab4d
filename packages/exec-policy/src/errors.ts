/** Why the approvals file wasn't read or changed. Codes are for programs, messages for people. */
export const ApprovalsFileErrorCode = {
  /** The file exists, and the change doesn't say which content it was made from. Read it and pass its hash. */
  BaseHashRequired: "base-hash-required",
  /** Somebody changed the file since it was read. Read it again and make the change on top of that. */
  Changed: "changed",
  /** The file can't be read or isn't valid. Nothing runs and nothing is written until a person mends it (rule R-57). */
  Damaged: "damaged",
  /** What was asked for isn't a valid file, entry or pattern. Nothing was written. */
  Invalid: "invalid",
} as const;
export type ApprovalsFileErrorCode = (typeof ApprovalsFileErrorCode)[keyof typeof ApprovalsFileErrorCode];

/** A refused change of the approvals file. The message says what happened, why, and what mends it. */
export class ApprovalsFileError extends Error {
  override readonly name = "ApprovalsFileError";
  readonly code: ApprovalsFileErrorCode;

  constructor(code: ApprovalsFileErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
  }
}
