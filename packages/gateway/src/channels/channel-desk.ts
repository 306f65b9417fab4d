import {
  AccountKeeper,
  type AccountPolicy,
  type AccountRef,
  type ChannelAccount,
  type ChannelAdapter,
  type GroupPolicyRow,
  Inbox,
  type MediaShelf,
  Outbox,
  type OutboxRow,
} from "@saltgate/channel";
import type { AccountSnapshot } from "@saltgate/protocol";
import type { SqlDatabase } from "@saltgate/store";
import type { Clock } from "../clock.ts";
import { given } from "../given.ts";
import type { Logger } from "../logging/logger.ts";
import { DropRecord } from "./drop-record.ts";
import type { GatewayChannels, InstalledChannel } from "./installed-channels.ts";

export interface ChannelDeskOptions {
  readonly database: SqlDatabase;
  readonly channels: GatewayChannels;
  /** Where files that wait to be sent are found again. */
  readonly shelf: Pick<MediaShelf, "get">;
  readonly clock: Clock;
  /** A number from 0 up to 1, for jitter. */
  readonly random: () => number;
  readonly logger: Logger;
  /** The commands that menus show. */
  readonly menu: readonly { readonly name: string; readonly description: string }[];
  /** Learns of conversations in which something new waits. */
  readonly arrived: (conversations: readonly string[]) => void;
}

/** How long somebody who sends waits for the platform's answer, in milliseconds. */
const sendPatienceMs = 30_000;

/** What became of a message that somebody sent: its end, or that it still waits. */
export type SendEnding =
  | { readonly outcome: "sent"; readonly row: OutboxRow }
  | { readonly outcome: "failed"; readonly row: OutboxRow }
  | { readonly outcome: "waiting"; readonly row: OutboxRow | undefined };

/** The channels of a gateway, their accounts, and what goes in and out through them. */
export class ChannelDesk {
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  readonly drops: DropRecord;
  readonly #options: ChannelDeskOptions;
  readonly #keepers = new Map<string, AccountKeeper>();
  readonly #moved = new Map<string, Map<string, GroupPolicyRow>>();
  readonly #waiting = new Map<string, Set<(row: OutboxRow) => void>>();

  constructor(options: ChannelDeskOptions) {
    this.#options = options;
    const { clock, database, channels } = options;
    this.drops = new DropRecord(clock.now);
    this.inbox = new Inbox({ database, now: clock.now, arrived: options.arrived });
    this.outbox = new Outbox({ database, now: clock.now });
    for (const channel of channels.installed) {
      for (const account of channel.accounts)
        this.#keepers.set(keyOf(refOf(channel, account)), this.#keep(channel, account));
    }
  }

  /** Starts every account. */
  start(): void {
    for (const keeper of this.#keepers.values()) keeper.start();
  }

  /** Stops every account: what is on its way comes to its end. */
  async stop(): Promise<void> {
    await Promise.all([...this.#keepers.values()].map((keeper) => keeper.stop()));
  }

  /** The channels that can be used, in their order. */
  get installed(): readonly InstalledChannel[] {
    return this.#options.channels.installed.toSorted((a, b) => a.adapter.descriptor.order - b.adapter.descriptor.order);
  }

  /** The channels that the configuration names and that can't be used, with the reason. */
  get missing(): GatewayChannels["missing"] {
    return this.#options.channels.missing;
  }

  /** A channel by its id or another word for it. */
  channel(name: string): InstalledChannel | undefined {
    const word = name.trim().toLowerCase();
    return this.#options.channels.installed.find(
      ({ adapter: { descriptor } }) => descriptor.id === word || descriptor.aliases.includes(word),
    );
  }

  /** An account of a channel; the default one without an id. */
  account(channel: InstalledChannel, accountId: string | undefined): AccountKeeper | undefined {
    const id = accountId ?? channel.accounts[0]?.id;
    return id === undefined ? undefined : this.keeper({ channel: channel.adapter.descriptor.id, accountId: id });
  }

  /** The keeper of an account. */
  keeper(ref: AccountRef): AccountKeeper | undefined {
    return this.#keepers.get(keyOf(ref));
  }

  /** What an account's configuration says, with the groups that have moved since it was read. */
  policyOf(keeper: AccountKeeper): AccountPolicy {
    const { policy } = keeper.account;
    const moved = this.#moved.get(keyOf(keeper.ref));
    return moved === undefined ? policy : { ...policy, groups: { ...policy.groups, ...Object.fromEntries(moved) } };
  }

  /** A group has a new id: what is configured for it holds there. @returns whether anything was configured for it */
  moveGroup(keeper: AccountKeeper, from: string, to: string): boolean {
    const { groups } = this.policyOf(keeper);
    const row = Object.hasOwn(groups, from) ? groups[from] : undefined;
    if (row === undefined || Object.hasOwn(groups, to)) return false;
    const account = keyOf(keeper.ref);
    this.#moved.set(account, (this.#moved.get(account) ?? new Map<string, GroupPolicyRow>()).set(to, row));
    return true;
  }

  /** The account whose platform brings events to a path; `undefined` when there is none. */
  atPath(path: string): AccountKeeper | undefined {
    for (const keeper of this.#keepers.values())
      if (keeper.account.enabled && keeper.account.webhookPath === path) return keeper;
    return undefined;
  }

  /** Something new is in the outbox of an account. */
  nudge(ref: AccountRef): void {
    this.keeper(ref)?.nudge();
  }

  /** Waits for the end of a delivery, though not for ever: what waits for its platform is told as waiting. */
  async ended(key: string, ref: AccountRef): Promise<SendEnding> {
    const { promise, resolve } = Promise.withResolvers<OutboxRow | undefined>();
    const listeners = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, listeners.add(resolve));
    const cancel = this.#options.clock.after(sendPatienceMs, () => resolve(undefined));
    try {
      // It may have come to its end before anybody listened.
      const known = await this.outbox.find(key);
      if (known !== undefined && isOver(known)) return endingOf(known);
      this.nudge(ref);
      return endingOf((await promise) ?? (await this.outbox.find(key)));
    } finally {
      cancel();
      listeners.delete(resolve);
      if (listeners.size === 0) this.#waiting.delete(key);
    }
  }

  /** How an account is, as the wire shows it. Never with a secret. */
  async snapshot(keeper: AccountKeeper, probe?: AbortSignal): Promise<AccountSnapshot> {
    const { account, status } = keeper;
    const probed = probe === undefined ? undefined : await keeper.probe(probe);
    const { times } = keeper;
    const { policy } = account;
    return {
      ...account.describe,
      ...given({
        name: account.name,
        lastConnectedAt: status.lastConnectedAtMs,
        lastTransportAt: status.lastTransportAtMs,
        lastError: status.lastError,
        fix: status.fix,
        lastStartAt: times.startedAtMs,
        lastStopAt: times.stoppedAtMs,
        lastProbeAt: times.probedAtMs,
        probe: probed,
      }),
      accountId: account.id,
      enabled: account.enabled,
      configured: account.notConfigured === undefined,
      running: status.running,
      connected: status.connected,
      health: status.health,
      reconnectAttempts: status.reconnectAttempts,
      dmPolicy: policy.dmPolicy,
      allowFrom: [...policy.allowFrom],
      dropReasons: this.drops.of(keyOf(keeper.ref)),
    };
  }

  /** Sizes of what is held in memory, for whoever watches them. */
  sizes(): Readonly<Record<string, number>> {
    const keepers = [...this.#keepers.values()].map((keeper) => keeper.sizes());
    const sum = (name: string): number => keepers.reduce((total, sizes) => total + (sizes[name] ?? 0), 0);
    return {
      accounts: this.#keepers.size,
      waitingSenders: this.#waiting.size,
      drops: this.drops.size,
      inFlight: sum("inFlight"),
      growing: sum("growing"),
      paced: sum("paced"),
    };
  }

  #keep(channel: InstalledChannel, account: ChannelAccount): AccountKeeper {
    const { clock, logger, random, shelf } = this.#options;
    return new AccountKeeper({
      adapter: channel.adapter,
      account,
      inbox: this.inbox,
      outbox: this.outbox,
      shelf,
      clock,
      random,
      logger,
      menu: this.#options.menu,
      ended: (row) => {
        for (const listener of this.#waiting.get(row.key) ?? []) listener(row);
      },
    });
  }
}

/** The name of an account among all. */
export function keyOf({ channel, accountId }: AccountRef): string {
  return `${channel}/${accountId}`;
}

function refOf({ adapter }: { readonly adapter: ChannelAdapter }, account: ChannelAccount): AccountRef {
  return { channel: adapter.descriptor.id, accountId: account.id };
}

const isOver = (row: OutboxRow): boolean => ["sent", "failed", "unknown", "expired"].includes(row.state);

function endingOf(row: OutboxRow | undefined): SendEnding {
  if (row === undefined || !isOver(row)) return { outcome: "waiting", row };
  return row.state === "sent" ? { outcome: "sent", row } : { outcome: "failed", row };
}
