import { type DetailCode, type ErrorExtras, type ErrorShape, errorShape } from "@saltgate/protocol";

/** How a request ended. */
export type Outcome =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: ErrorShape };

/** A failure that a handler means the caller to see. Anything else that is thrown is told as an internal error only. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly detail: DetailCode;
  readonly shape: ErrorShape;

  constructor(detail: DetailCode, message: string, extras?: ErrorExtras) {
    super(message);
    this.detail = detail;
    this.shape = errorShape(detail, message, extras);
  }
}

/** An answer in two parts with the same id: one at once, and one when what was asked for is over. */
export class TwoPhaseResult<T> {
  readonly first: T;
  readonly final: Promise<T>;

  constructor(first: T, final: Promise<T>) {
    this.first = first;
    this.final = final;
  }
}
