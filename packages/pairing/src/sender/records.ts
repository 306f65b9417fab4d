/** A sender that waits for the owner: one row of `credentials/<channel>-pairing.json`. */
export interface SenderRequest {
  /** The sender's stable id, as `normalizeSenderId` makes it. */
  readonly id: string;
  /** What the sender was told, and the owner approves by. */
  readonly code: string;
  /** ISO 8601. The code lives from here, whatever the sender does. */
  readonly createdAt: string;
  /** ISO 8601. */
  readonly lastSeenAt: string;
  /** What the sender calls itself. Shown to the owner, never a reason to allow anything (rule R-42). */
  readonly meta?: Readonly<Record<string, string>>;
}

/** Who waits and who may write, on one account of one channel. */
export interface SenderPairingState {
  readonly requests: readonly SenderRequest[];
  /** Ids, as `normalizeSenderId` makes them. */
  readonly allowFrom: readonly string[];
}

/** `credentials/<channel>-pairing.json`. Keys that we don't know stay. */
export interface PendingSenders {
  readonly version: 1;
  readonly requests: readonly SenderRequest[];
}

/** `credentials/<channel>-allowFrom.json`. Keys that we don't know stay. */
export interface AllowedSenders {
  readonly version: 1;
  readonly allowFrom: readonly string[];
}
