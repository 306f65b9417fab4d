import type { ChannelAccount, ChannelAdapter } from "@saltgate/channel";

/** A channel that the configuration names, with the package that speaks for it. */
export interface InstalledChannel {
  readonly adapter: ChannelAdapter;
  readonly accounts: readonly ChannelAccount[];
}

/** A channel that the configuration names and that can't be used, and why. */
export interface MissingChannel {
  readonly id: string;
  /** In words for its owner, with the command that mends it. */
  readonly problem: string;
}

/** The channels of a gateway. */
export interface GatewayChannels {
  readonly installed: readonly InstalledChannel[];
  readonly missing: readonly MissingChannel[];
}

/** A gateway without channels. */
export const noChannels: GatewayChannels = { installed: [], missing: [] };
