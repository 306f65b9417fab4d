import type {
  EventFrame,
  EventName,
  HelloOk,
  MethodName,
  ParamsOf,
  PayloadOf,
  ResultOf,
  StateVersion,
} from "@saltgate/protocol";
import { platform } from "#platform";
import type { Connection } from "./connection.ts";
import { deferred } from "./deferred.ts";
import { Dialer, type Dialled } from "./dialer.ts";
import { ClientError } from "./errors.ts";
import { Listeners } from "./listeners.ts";
import { afterFailure } from "./next-step.ts";
import type { ClientState, GatewayClientOptions, RequestOptions } from "./options.ts";
import { failuresAfterLoss, reconnectDelayMs } from "./reconnect.ts";
import { type Gap, sequenceStep } from "./sequence.ts";
import { resolveSettings, type Settings } from "./settings.ts";

/** An event, as a listener gets it. */
export interface GatewayEvent<E extends EventName> {
  readonly event: E;
  readonly payload: PayloadOf<E>;
  /** Position in this connection's events; targeted events have none. */
  readonly seq: number | undefined;
  /** How new the snapshots are that `presence` and `health` carry. */
  readonly stateVersion: StateVersion | undefined;
}

type Rest<M extends MethodName> =
  Record<string, never> extends ParamsOf<M>
    ? [params?: ParamsOf<M>, options?: RequestOptions]
    : [params: ParamsOf<M>, options?: RequestOptions];

/** The work of getting connected, from the first attempt to hello-ok. */
interface Run {
  readonly abort: AbortController;
  readonly done: Promise<HelloOk>;
}

type Failed = Extract<Dialled, { ok: false }>;

/** Longest bound of the wait between two questions whether the owner has approved, in milliseconds. */
const MAX_APPROVAL_DELAY_MS = 30_000;

/** A connection to a gateway that comes back by itself. Nothing is sent before {@link GatewayClient.connect}. */
export class GatewayClient {
  readonly #settings: Settings;
  readonly #dialer: Dialer;
  readonly #onState = new Listeners<ClientState>();
  readonly #onGap = new Listeners<Gap>();
  readonly #onEvent = new Map<string, Listeners<GatewayEvent<EventName>>>();
  #state: ClientState = { status: "idle" };
  #connection: Connection | undefined;
  #run: Run | undefined;
  #wake: (() => void) | undefined;
  #failures = 0;
  #connectedAtMs = 0;
  #lastSeq: number | undefined;
  #restartHintMs: number | undefined;
  #badFrames = 0;

  /** @throws {ClientError} INVALID_OPTION for a number that makes no sense; an address is judged by `connect`. */
  constructor(options: GatewayClientOptions) {
    this.#settings = resolveSettings(options, platform);
    this.#dialer = new Dialer({
      ...this.#settings,
      onEvent: (frame) => this.#deliver(frame),
      onBadFrame: () => {
        this.#badFrames += 1;
      },
      onLost: (error) => this.#lost(error),
    });
  }

  /** What the client is doing. */
  get state(): ClientState {
    return this.#state;
  }

  /** Messages of the gateway that could not be read and were ignored. */
  get badFrames(): number {
    return this.#badFrames;
  }

  /**
   * Connects, and resolves with hello-ok. Goes on trying through whatever may pass (see `reconnect`), so give it a
   * signal if there is an end to your patience; rejects at once when only a person can help.
   * @throws {ClientError | GatewayError}
   */
  async connect(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<HelloOk> {
    if (this.#state.status === "closed") throw closed();
    if (this.#state.status === "connected") return this.#state.hello;
    const { signal } = options;
    if (signal?.aborted) throw aborted(signal);
    const own = this.#run === undefined;
    const run = this.#run ?? this.#start(undefined);
    if (signal === undefined) return run.done;
    let onAbort = (): void => {};
    const abandoned = new Promise<never>((_, reject) => {
      onAbort = () => {
        const error = aborted(signal);
        // A run that somebody else began goes on; only this caller stops waiting.
        if (own) this.#stop(run, error);
        reject(error);
      };
    });
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await Promise.race([run.done, abandoned]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Tries again now: ends a pause, and cuts a wait short. For "the owner has approved" and "the network is back". */
  resume(): void {
    if (this.#state.status === "waiting") this.#wake?.();
    else if (this.#state.status === "paused" && this.#run === undefined) this.#start(undefined);
  }

  /**
   * Finds out at once whether the connection still lives, instead of at the next missed tick: it is given up, and made
   * anew, unless the gateway is heard of within `timeoutMs`. Where there is none it does what {@link resume} does. For
   * "this machine has slept" and "the network has changed".
   */
  check(timeoutMs = 5_000): void {
    if (this.#connection === undefined) this.resume();
    else this.#connection.check(timeoutMs);
  }

  /**
   * Calls a method and resolves with its result. Sent once and never again: what was under way when a connection ended
   * rejects with CLOSED, because only the caller knows whether it may be repeated.
   * @throws {GatewayError} what the gateway said. @throws {ClientError} what went wrong here.
   */
  async request<M extends MethodName>(method: M, ...rest: Rest<M>): Promise<ResultOf<M>> {
    const [params = {}, options = {}] = rest;
    if (this.#state.status === "closed") throw closed();
    if (this.#connection === undefined)
      throw new ClientError("NOT_CONNECTED", `${method} was not sent: there is no connection at the moment`);
    const { timeoutMs = this.#settings.requestTimeoutMs, signal } = options;
    return (await this.#connection.request(method, params, { timeoutMs, signal })) as ResultOf<M>;
  }

  /** Listens to an event. The returned function ends it. */
  on<E extends EventName>(event: E, listener: (event: GatewayEvent<E>) => void): () => void {
    let listeners = this.#onEvent.get(event);
    if (listeners === undefined) {
      listeners = new Listeners();
      this.#onEvent.set(event, listeners);
    }
    return listeners.add(listener as unknown as (event: GatewayEvent<EventName>) => void);
  }

  /** Listens to what the client is doing. The returned function ends it. */
  onState(listener: (state: ClientState) => void): () => void {
    return this.#onState.add(listener);
  }

  /** Listens for events that were sent and didn't arrive: read what you show again. The returned function ends it. */
  onGap(listener: (gap: Gap) => void): () => void {
    return this.#onGap.add(listener);
  }

  /** Ends the connection and the client, for good. Resolves when the socket is gone. */
  async close(): Promise<void> {
    if (this.#state.status === "closed") return;
    this.#setState({ status: "closed" });
    const run = this.#run;
    const connection = this.#connection;
    this.#connection = undefined;
    run?.abort.abort(closed());
    await run?.done.catch(() => {}); // whoever asked for it hears of it
    await connection?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #setState(state: ClientState): void {
    if (this.#state.status === "closed") return;
    this.#state = state;
    this.#onState.tell(state);
  }

  #start(after: Failed | undefined): Run {
    const abort = new AbortController();
    const { promise, resolve, reject } = deferred<HelloOk>();
    const run: Run = { abort, done: promise };
    // Before anybody hears of it, so that whoever connects because of what he hears joins it.
    this.#run = run;
    this.#establish(abort.signal, after).then(resolve, reject);
    return run;
  }

  /** Ends the run in progress, and says so last: who hears it may start the next one. */
  #rest(state: ClientState): void {
    this.#run = undefined;
    this.#setState(state);
  }

  #stop(run: Run, error: ClientError): void {
    run.abort.abort(error);
    if (this.#run === run) this.#rest({ status: "idle", error });
  }

  async #establish(signal: AbortSignal, after: Failed | undefined): Promise<HelloOk> {
    if (after !== undefined) await this.#wait(signal, after);
    for (;;) {
      this.#setState({ status: "connecting" });
      const dialled = await this.#dialer.dial(signal);
      if (signal.aborted) {
        if (dialled.ok) await dialled.connection.close();
        throw signal.reason;
      }
      if (dialled.ok) return this.#use(dialled.connection, dialled.hello);
      const { error, step } = dialled;
      const goesOn = step.do === "wait" && (this.#settings.reconnect !== undefined || step.for === "approval");
      if (!goesOn) {
        this.#rest(
          step.do === "pause" ? { status: "paused", error, ...requestIdOf(error) } : { status: "idle", error },
        );
        throw error;
      }
      await this.#wait(signal, dialled);
    }
  }

  async #wait(signal: AbortSignal, { error, step }: Failed): Promise<void> {
    const { clock, random, reconnect } = this.#settings;
    const delays = reconnect ?? { minDelayMs: 1_000, maxDelayMs: MAX_APPROVAL_DELAY_MS };
    const isForApproval = step.do === "wait" && step.for === "approval";
    const maxDelayMs = isForApproval ? Math.min(delays.maxDelayMs, MAX_APPROVAL_DELAY_MS) : delays.maxDelayMs;
    const askedMs = step.do === "wait" ? step.askedMs : undefined;
    const delayMs = reconnectDelayMs({ ...delays, maxDelayMs }, this.#failures, random, askedMs);
    this.#failures += 1;
    await new Promise<void>((resolve, reject) => {
      const finish = (settle: () => void) => (): void => {
        stop();
        signal.removeEventListener("abort", onAbort);
        this.#wake = undefined;
        settle();
      };
      const onAbort = finish(() => reject(signal.reason as Error));
      const stop = clock.after(delayMs, finish(resolve));
      signal.addEventListener("abort", onAbort, { once: true });
      this.#wake = finish(resolve);
      this.#setState({ status: "waiting", delayMs, error, ...(isForApproval && requestIdOf(error)) });
    });
  }

  #use(connection: Connection, hello: HelloOk): HelloOk {
    this.#connection = connection;
    this.#connectedAtMs = this.#settings.clock.now();
    this.#lastSeq = undefined;
    this.#restartHintMs = undefined;
    this.#rest({ status: "connected", hello });
    connection.start(hello); // may end in another run, when it was lost in the meantime
    return hello;
  }

  #lost(error: ClientError): void {
    if (this.#connection === undefined) return;
    this.#connection = undefined;
    const { clock, reconnect } = this.#settings;
    if (error.closeCode === 1012) this.#dialer.forgetDialect();
    this.#failures = failuresAfterLoss(this.#failures, clock.now() - this.#connectedAtMs);
    const step = afterFailure(error, { wasInUse: true, wasEverConnected: true });
    if (reconnect === undefined || step.do !== "wait") return this.#setState({ status: "idle", error });
    const hintMs = this.#restartHintMs;
    const askedMs = hintMs === undefined ? undefined : Math.min(hintMs, reconnect.maxDelayMs);
    this.#start({ ok: false, error, step: { ...step, askedMs } });
  }

  #deliver(frame: EventFrame): void {
    const { event, payload, seq, stateVersion } = frame;
    const { last, gap } = sequenceStep(this.#lastSeq, seq);
    this.#lastSeq = last;
    if (gap !== undefined) this.#onGap.tell(gap);
    if (event === "shutdown") this.#restartHintMs = restartHintOf(payload);
    this.#onEvent.get(event)?.tell({ event, payload, seq, stateVersion } as GatewayEvent<EventName>);
  }
}

function restartHintOf(payload: unknown): number | undefined {
  const hint = (payload as { restartExpectedMs?: unknown } | null | undefined)?.restartExpectedMs;
  return typeof hint === "number" && Number.isFinite(hint) ? hint : undefined;
}

function requestIdOf(error: Error): { requestId?: string } {
  const requestId = "details" in error ? (error.details as Record<string, unknown>)["requestId"] : undefined;
  return typeof requestId === "string" ? { requestId } : {};
}

function closed(): ClientError {
  return new ClientError("CLOSED", "the client was closed by this program", { closeCode: 1000, closeReason: "" });
}

function aborted(signal: AbortSignal): ClientError {
  return new ClientError("ABORTED", "connecting was aborted", { cause: signal.reason });
}
