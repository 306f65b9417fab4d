import { createHash } from "node:crypto";
import type {
  AccountContext,
  AccountStatus,
  ChannelAccount,
  ChannelAdapter,
  ChannelClock,
  ChannelConnection,
  ChannelLogger,
  Probe,
  WebhookRequest,
} from "./adapter.ts";
import { backoffMs, reconnectBackoff } from "./backoff.ts";
import { isChannelError } from "./channel-error.ts";
import { Courier } from "./courier.ts";
import type { AccountRef, Inbox } from "./inbox.ts";
import type { MediaShelf } from "./media-shelf.ts";
import type { OutboundTarget } from "./outbound.ts";
import type { Outbox, OutboxRow } from "./outbox.ts";
import { Pacer } from "./pacer.ts";

export interface AccountKeeperOptions {
  readonly adapter: ChannelAdapter;
  readonly account: ChannelAccount;
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  /** Where files that wait to be sent are found again. */
  readonly shelf: Pick<MediaShelf, "get">;
  readonly clock: ChannelClock;
  /** A number from 0 up to 1, for jitter. */
  readonly random: () => number;
  readonly logger: ChannelLogger;
  /** Hears of every delivery that has come to an end. */
  readonly ended: (row: OutboxRow) => void;
  /** Hears when the state of the account changes. */
  readonly changed?: () => void;
  /** The commands that its menu shows, where it has one. */
  readonly menu?: readonly MenuCommand[];
}

type MenuCommand = Parameters<NonNullable<ChannelConnection["setCommandMenu"]>>[0][number];

/** How long showing the menu may take, in milliseconds. */
const menuMs = 30_000;
/** How long an account that is told to stop may take, in milliseconds. */
const stopMs = 15_000;
/** An account that ran this long starts its pauses anew, in milliseconds. */
const steadyMs = 300_000;
/** Shortest pause while another program uses the account, in milliseconds. */
const conflictPauseMs = 60_000;

const atRest: AccountStatus = { running: false, connected: false, health: "stopped", reconnectAttempts: 0 };

/**
 * One account of a channel, kept running: opened, started again with growing pauses when it fails by itself, left alone
 * when only its owner can mend it. What happens to it never reaches another account.
 */
export class AccountKeeper {
  readonly ref: AccountRef;
  readonly account: ChannelAccount;
  readonly adapter: ChannelAdapter;
  readonly #options: AccountKeeperOptions;
  #status: AccountStatus = atRest;
  #connection: ChannelConnection | undefined;
  #courier: Courier | undefined;
  #life: { readonly ending: AbortController; readonly done: Promise<void> } | undefined;
  /** It was started again while it was still coming to its end. */
  #isWanted = false;
  /** The platform counts what we send however often we connect anew. */
  readonly #pacer: Pacer;
  #hasTriedMenu = false;
  readonly #times: { startedAtMs?: number; stoppedAtMs?: number; probedAtMs?: number } = {};

  constructor(options: AccountKeeperOptions) {
    this.#options = options;
    this.adapter = options.adapter;
    this.account = options.account;
    this.ref = { channel: options.adapter.descriptor.id, accountId: options.account.id };
    this.#pacer = new Pacer(options.adapter.descriptor.limits.rate, options.clock.now());
  }

  get status(): AccountStatus {
    return this.#status;
  }

  /** When it was last started, stopped and probed, in milliseconds since the epoch. */
  get times(): Readonly<{ startedAtMs?: number; stoppedAtMs?: number; probedAtMs?: number }> {
    return this.#times;
  }

  /** The open connection, while there is one. */
  get connection(): ChannelConnection | undefined {
    return this.#connection;
  }

  /**
   * Starts the account. Nothing happens when it runs, is switched off, or isn't configured: the status says which. One that
   * is still coming to its end starts when it has: never are there two connections at once.
   */
  start(): void {
    if (this.#life !== undefined) {
      this.#isWanted = this.#life.ending.signal.aborted;
      return;
    }
    const { account, clock } = this.#options;
    const why = account.enabled ? account.notConfigured : "disabled";
    if (why !== undefined) return this.#say({ ...atRest, lastError: why });
    const ending = new AbortController();
    this.#times.startedAtMs = clock.now();
    this.#say({ running: true, connected: false, health: "starting", reconnectAttempts: 0 }, ["lastError", "fix"]);
    const done = this.#live(ending.signal).finally(() => {
      this.#times.stoppedAtMs = clock.now();
      this.#say({ running: false, connected: false });
      if (this.#status.health !== "logged-out") this.#say({ health: "stopped" });
      this.#life = undefined;
      if (!this.#isWanted) return;
      this.#isWanted = false;
      this.start();
    });
    this.#life = { ending, done };
  }

  /**
   * Stops the account: nothing new is sent or received, and what is on its way comes to its end. Resolves within 15
   * seconds; a connection that takes longer is left to end by itself, and the account starts again only when it has.
   */
  async stop(): Promise<void> {
    const life = this.#life;
    this.#isWanted = false;
    if (life === undefined) return;
    life.ending.abort();
    const late = Promise.withResolvers<boolean>();
    const cancel = this.#options.clock.after(stopMs, () => late.resolve(true));
    const isLate = await Promise.race([life.done.then(() => false), late.promise]);
    cancel();
    if (isLate) this.#options.logger.error({ ...this.ref }, "a channel did not close its connection in time");
  }

  /** Something new is in the outbox for it. */
  nudge(): void {
    this.#courier?.nudge();
  }

  /** A live text has grown. */
  grow(key: string, text: string): void {
    this.#courier?.grow(key, text);
  }

  /** A live text has come to its end. */
  grown(key: string): void {
    this.#courier?.grown(key);
  }

  /** Shows that we are at work. Never fails: nobody misses it. */
  typing(target: OutboundTarget, signal: AbortSignal): void {
    if (!this.#status.connected) return;
    this.#connection?.typing?.(target, signal).catch((error: unknown) => {
      this.#options.logger.debug({ ...this.ref, err: error }, "typing could not be shown");
    });
  }

  /** Asks the platform who we are, whether the account runs or not. */
  async probe(signal: AbortSignal): Promise<Probe> {
    const { account, clock } = this.#options;
    this.#times.probedAtMs = clock.now();
    if (account.notConfigured !== undefined) return { ok: false, elapsedMs: 0, error: account.notConfigured };
    const startedAtMs = clock.now();
    try {
      const connection = this.#connection ?? (await this.#open(() => undefined));
      return await connection.probe(signal);
    } catch (error) {
      return { ok: false, elapsedMs: Math.max(0, clock.now() - startedAtMs), error: messageOf(error) };
    }
  }

  /** Whether a request is refused before its body is read, by its headers. Without a connection each is to come again. */
  refuseWebhook(headers: WebhookRequest["headers"]): { readonly status: number; readonly body?: string } | undefined {
    const connection = this.#connection;
    if (connection?.receiveWebhook === undefined) return { status: 503 };
    return connection.refuseWebhook?.(headers);
  }

  /** Takes what its platform brought. Without a connection it is to be brought again. */
  async receiveWebhook(request: WebhookRequest): Promise<{ readonly status: number; readonly body?: string }> {
    const connection = this.#connection;
    if (connection?.receiveWebhook === undefined) return { status: 503 };
    return await connection.receiveWebhook(request);
  }

  /** Sizes of what it holds in memory. */
  sizes(): Readonly<Record<string, number>> {
    return { ...this.#courier?.sizes() };
  }

  async #live(signal: AbortSignal): Promise<void> {
    const { clock, logger, random } = this.#options;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      const startedAtMs = clock.now();
      try {
        await this.#liveOnce(signal);
        if (signal.aborted) return;
        throw new Error("the connection ended by itself");
      } catch (error) {
        if (signal.aborted) return;
        const fix = isChannelError(error) ? error.fix : undefined;
        this.#say({ connected: false, lastError: messageOf(error), ...(fix !== undefined && { fix }) });
        if (isChannelError(error) && (error.kind === "auth" || error.kind === "config")) {
          logger.error({ ...this.ref, err: error, fix }, "a channel can't go on until this is mended");
          this.#say({ health: error.kind === "auth" ? "logged-out" : "stopped" });
          return;
        }
        if (clock.now() - startedAtMs > steadyMs) attempt = 1;
        const backoff = backoffMs(reconnectBackoff, attempt, random());
        const isConflict = isChannelError(error) && error.kind === "conflict";
        const pauseMs =
          (isChannelError(error) ? error.retryAfterMs : undefined) ??
          (isConflict ? Math.max(conflictPauseMs, backoff) : backoff);
        logger.warn({ ...this.ref, err: error, pauseMs }, "a channel failed; it is started again");
        this.#say({ health: "reconnecting", reconnectAttempts: attempt });
        await this.#pause(pauseMs, signal);
      }
    }
  }

  async #liveOnce(signal: AbortSignal): Promise<void> {
    const { account, adapter, clock, logger, outbox, random, shelf } = this.#options;
    let isOver = false;
    // What a connection says when it is over is about a time that is over too.
    const connection = await this.#open((change) => {
      if (!isOver) this.#say(change);
    });
    if (signal.aborted) return;
    const closing = new AbortController();
    const blocked = Promise.withResolvers<never>();
    blocked.promise.catch(() => undefined); // it may come when nobody waits for it any more
    const courier = new Courier({
      account: this.ref,
      descriptor: adapter.descriptor,
      connection,
      outbox,
      isConnected: () => this.#status.connected,
      file: async ({ mediaId, ...file }) => ({ ...file, bytes: await shelf.get(mediaId) }),
      clock,
      random,
      logger,
      ended: this.#options.ended,
      blocked: (error) => blocked.reject(error),
      pacer: this.#pacer,
    });
    const end = (): void => closing.abort();
    signal.addEventListener("abort", end, { once: true });
    this.#connection = connection;
    this.#courier = courier;
    let run: Promise<void> | undefined;
    try {
      await courier.start();
      run = connection.run(closing.signal);
      await Promise.race([run, blocked.promise, aborted(signal)]);
    } finally {
      signal.removeEventListener("abort", end);
      closing.abort();
      this.#say({ connected: false });
      isOver = true;
      this.#connection = undefined;
      this.#courier = undefined;
      const patience = Promise.withResolvers<void>();
      const cancel = clock.after(stopMs, patience.resolve);
      await Promise.allSettled([run, courier.stop(patience.promise)]);
      cancel();
      logger.debug({ ...this.ref, account: account.id }, "a channel's connection has ended");
    }
  }

  #open(status: AccountContext["status"]): Promise<ChannelConnection> {
    const { account, adapter, clock, inbox, logger, random } = this.#options;
    return adapter.open({
      account,
      inbound: inbox.port(this.ref),
      status,
      clock,
      random,
      logger,
    });
  }

  #say(change: Partial<AccountStatus>, without: readonly (keyof AccountStatus)[] = []): void {
    const wasConnected = this.#status.connected;
    const next = { ...this.#status, ...change };
    for (const key of without) delete (next as Partial<Record<keyof AccountStatus, unknown>>)[key];
    this.#status = next;
    if (next.connected && !wasConnected) {
      this.#courier?.nudge();
      void this.#showMenu();
    }
    if (next.connected !== wasConnected || change.health !== undefined) this.#options.changed?.();
  }

  /**
   * Shows the commands in the platform's menu, if it shows others: platforms count how often they are told. Tried once in the
   * life of a keeper; people can type commands without a menu, so a failure is for the log.
   */
  async #showMenu(): Promise<void> {
    const { account, inbox, logger, menu = [] } = this.#options;
    const connection = this.#connection;
    if (menu.length === 0 || this.#hasTriedMenu || connection?.setCommandMenu === undefined) return;
    this.#hasTriedMenu = true;
    try {
      const commands = menu.map(({ description, name }) => ({ name, description }));
      const digest = createHash("sha256")
        .update(JSON.stringify([account.fingerprint, commands]))
        .digest("hex");
      if ((await inbox.menuOf(this.ref)) === digest) return;
      await connection.setCommandMenu(commands, AbortSignal.timeout(menuMs));
      await inbox.noteMenu(this.ref, digest);
    } catch (error) {
      logger.debug({ ...this.ref, err: error }, "the menu of commands could not be shown");
    }
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#options.clock.after(ms, resolve);
    const stop = (): void => resolve();
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    await promise;
    signal.removeEventListener("abort", stop);
    cancel();
  }
}

/** Resolves when a signal ends something. */
function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  signal.addEventListener("abort", () => resolve(), { once: true });
  return promise;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
