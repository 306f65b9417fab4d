import type { ChannelDesk } from "../channels/channel-desk.ts";
import { unknownChannel } from "../channels/destination.ts";
import type { Clock } from "../clock.ts";
import { RequestError } from "../dispatch/outcome.ts";
import type { Handlers } from "./handlers.ts";

/** What the methods about channels need. */
export interface ChannelMethodsOptions {
  readonly desk: ChannelDesk;
  readonly clock: Clock;
  /** Takes the credentials of an account out of the configuration. @returns what is left, e.g. a token of the environment */
  readonly forgetCredentials: (
    channel: string,
    accountId: string,
  ) => Promise<{ readonly cleared: boolean; readonly note?: string }>;
}

type ChannelMethods = Pick<Handlers, "channels.status" | "channels.start" | "channels.stop" | "channels.logout">;

/** Bounds of a probe, in milliseconds. */
const probeMs = { least: 1_000, usual: 10_000, most: 60_000 };

/** Handlers of the methods about chat channels. */
export function channelMethods({ desk, clock, forgetCredentials }: ChannelMethodsOptions): ChannelMethods {
  const channelOf = (name: string) => {
    const channel = desk.channel(name);
    if (channel !== undefined) return channel;
    const missing = desk.missing.find(({ id }) => id === name.trim().toLowerCase());
    if (missing !== undefined) throw new RequestError("CHANNEL_UNAVAILABLE", missing.problem);
    throw unknownChannel(name);
  };
  const keeperOf = ({ channel, accountId }: { readonly channel: string; readonly accountId?: string | undefined }) => {
    const found = channelOf(channel);
    const keeper = desk.account(found, accountId);
    if (keeper !== undefined) return keeper;
    throw new RequestError(
      "UNKNOWN_ACCOUNT",
      `unknown account of ${found.adapter.descriptor.id}: ${accountId ?? "default"}`,
    );
  };
  return {
    async "channels.status"({ probe, timeoutMs, channel }) {
      const shown = channel === undefined ? desk.installed : [channelOf(channel)];
      const patienceMs = Math.min(probeMs.most, Math.max(probeMs.least, timeoutMs ?? probeMs.usual));
      const signal = probe === true ? AbortSignal.timeout(patienceMs) : undefined;
      const rows = await Promise.all(
        shown.map(async ({ adapter, accounts }) => {
          const { descriptor } = adapter;
          const snapshots = await Promise.all(
            accounts.flatMap((account) => {
              const keeper = desk.keeper({ channel: descriptor.id, accountId: account.id });
              return keeper === undefined ? [] : [desk.snapshot(keeper, signal)];
            }),
          );
          return { descriptor, accounts, snapshots };
        }),
      );
      const byId = <T>(value: (row: (typeof rows)[number]) => T): Record<string, T> =>
        Object.fromEntries(rows.map((row) => [row.descriptor.id, value(row)]));
      const warnings = desk.missing.map(({ problem }) => problem);
      return {
        ts: clock.now(),
        channelOrder: rows.map(({ descriptor }) => descriptor.id),
        channelLabels: byId(({ descriptor }) => descriptor.label),
        channelDetailLabels: byId(({ descriptor }) => descriptor.detailLabel),
        channelSystemImages: byId(({ descriptor }) => descriptor.systemImage),
        channelMeta: rows.map(({ descriptor: { id, label, detailLabel, systemImage } }) => ({
          id,
          label,
          detailLabel,
          systemImage,
        })),
        channels: byId(({ snapshots }) => summaryOf(snapshots)),
        channelAccounts: byId(({ snapshots }) => snapshots),
        channelDefaultAccountId: byId(({ accounts }) => accounts[0]?.id ?? "default"),
        ...(warnings.length > 0 && { warnings }),
      };
    },
    "channels.start"(params) {
      const keeper = keeperOf(params);
      keeper.start();
      return { ...keeper.ref, started: keeper.status.running };
    },
    async "channels.stop"(params) {
      const keeper = keeperOf(params);
      const wasRunning = keeper.status.running;
      await keeper.stop();
      return { ...keeper.ref, stopped: wasRunning };
    },
    async "channels.logout"(params) {
      const keeper = keeperOf(params);
      await keeper.stop();
      const { channel, accountId } = keeper.ref;
      const { cleared, note } = await forgetCredentials(channel, accountId);
      return { channel, accountId, cleared, loggedOut: cleared, ...(note !== undefined && { note }) };
    },
  };
}

/** What the line of a channel says of its default account. */
const summaryKeys =
  "configured running connected health lastStartAt lastStopAt lastError lastProbeAt probe mode tokenSource".split(" ");

/** A channel as one line of status: its default account. */
function summaryOf(snapshots: readonly Readonly<Record<string, unknown>>[]): Record<string, unknown> {
  const [first] = snapshots;
  if (first === undefined) return { configured: false, running: false };
  return Object.fromEntries(summaryKeys.flatMap((key) => (first[key] === undefined ? [] : [[key, first[key]]])));
}
