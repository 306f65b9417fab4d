/** The bounds of sender pairing, for each account of each channel (rule R-44). */
export interface SenderPairingLimits {
  /** Life of a code from the first message, in milliseconds. @default 3_600_000 */
  readonly codeTtlMs: number;
  /** Senders that may wait. @default 3 */
  readonly maxPending: number;
  /** Longest id, in characters. @default 256 */
  readonly maxIdChars: number;
  /** Facts kept of what a sender calls itself. @default 16 */
  readonly maxMetaEntries: number;
  /** Longest of them, in characters; the rest is cut. @default 256 */
  readonly maxMetaChars: number;
}

export const defaultSenderPairingLimits: SenderPairingLimits = {
  codeTtlMs: 3_600_000,
  maxPending: 3,
  maxIdChars: 256,
  maxMetaEntries: 16,
  maxMetaChars: 256,
};
