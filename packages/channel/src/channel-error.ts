/** What kind of failure a platform met us with, and so what follows. */
export type ChannelErrorKind =
  /** Our credentials are refused: the account stops, and its owner is told. */
  | "auth"
  /** It is set up in a way that can't work: the same. */
  | "config"
  /** Another program uses the account: slow retry. */
  | "conflict"
  /** Too fast: exactly `retryAfterMs`, for the whole account. */
  | "rate"
  /** The network, or the platform for now: again, with growing pauses. It was not carried out. */
  | "transient"
  /** Whether it was carried out is not known: it is reconciled and never blindly repeated. */
  | "unknown-outcome"
  /** The platform will never take this: no retry. */
  | "refused"
  /** The message to change isn't there any more. */
  | "gone";

/** A failure of a channel. `message` is for its owner and holds no secret. */
export class ChannelError extends Error {
  override readonly name = "ChannelError";
  readonly kind: ChannelErrorKind;
  /** Milliseconds to wait, where the platform said so. */
  readonly retryAfterMs: number | undefined;
  /** The command or step that mends it. */
  readonly fix: string | undefined;

  constructor(
    kind: ChannelErrorKind,
    message: string,
    options: { readonly retryAfterMs?: number; readonly fix?: string; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs;
    this.fix = options.fix;
  }
}

/**
 * Whether an error is a {@link ChannelError}. An adapter that was installed beside the gateway may bring its own copy of
 * this class, so its shape decides.
 */
export function isChannelError(error: unknown): error is ChannelError {
  return error instanceof Error && error.name === "ChannelError" && typeof (error as ChannelError).kind === "string";
}
