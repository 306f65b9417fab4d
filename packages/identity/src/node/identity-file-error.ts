/** `invalid`: the file holds something else than an identity. `unreadable`: it couldn't be read or written. */
export type IdentityFileErrorCode = "invalid" | "unreadable";

/** A device key file that can't be used. The message says what happened and what to do; it holds no key material. */
export class IdentityFileError extends Error {
  override readonly name = "IdentityFileError";
  readonly code: IdentityFileErrorCode;
  readonly file: string;

  constructor(code: IdentityFileErrorCode, file: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.file = file;
  }
}
