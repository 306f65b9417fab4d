/** The bounds of setup codes. */
export interface DeviceInviteLimits {
  /** Life of a code, in milliseconds; at most ten minutes, whatever is asked for (rule R-28). @default 600_000 */
  readonly ttlMs: number;
  /** Codes that may be open at once. @default 32 */
  readonly maxOpen: number;
  /** How long one that is over can be asked about, in milliseconds. @default 3_600_000 */
  readonly keepMs: number;
  /** Those that are over and kept; the oldest go first. @default 128 */
  readonly maxKept: number;
}

/** The longest life of a code. */
export const maxInviteTtlMs = 600_000;

export const defaultDeviceInviteLimits: DeviceInviteLimits = {
  ttlMs: maxInviteTtlMs,
  maxOpen: 32,
  keepMs: 3_600_000,
  maxKept: 128,
};
