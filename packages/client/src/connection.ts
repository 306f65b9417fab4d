import {
  CLOSE_CODES,
  type ConnectParams,
  decodeServerFrame,
  type EventFrame,
  type HelloOk,
  truncateCloseReason,
} from "@saltgate/protocol";
import type { ClientClock } from "./clock.ts";
import { type Deferred, deferred } from "./deferred.ts";
import type { Dialect } from "./dialect.ts";
import { ClientError } from "./errors.ts";
import { type Challenge, readChallenge, readHello } from "./hello.ts";
import { livenessStep } from "./liveness.ts";
import { PendingRequests, type Waiting } from "./pending-requests.ts";
import type { ClientSocket, OpenSocket, SocketEnding, SocketTarget } from "./socket.ts";

/** What a connection is made of. */
export interface ConnectionOptions {
  readonly target: SocketTarget;
  readonly open: OpenSocket;
  readonly clock: ClientClock;
  readonly maxPendingRequests: number;
  /** An event, in order, and only once the connection is in use. */
  readonly onEvent: (frame: EventFrame) => void;
  /** A message that is no frame. */
  readonly onBadFrame: () => void;
  /** The end of a connection that was in use. */
  readonly onLost: (error: ClientError) => void;
}

/** How a connection introduces itself. */
export interface Introduction {
  readonly timeoutMs: number;
  /** How long to wait for a challenge, and what to say without one; `undefined` to insist on it. */
  readonly withoutChallenge: { readonly afterMs: number; readonly dialect: Dialect } | undefined;
  readonly dialect: Dialect;
  readonly signal: AbortSignal;
  readonly write: (dialect: Dialect, challenge: Challenge | undefined) => Promise<ConnectParams>;
  /** Runs after hello-ok and before anything else is delivered. */
  readonly onHello: (hello: HelloOk) => Promise<void>;
}

/** How long the other side may take to answer a goodbye, in milliseconds. */
const GOODBYE_MS = 1_000;

/** One socket, from its opening to its end. It is never reopened: coming back is a new connection. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #socket: ClientSocket;
  readonly #pending: PendingRequests;
  readonly #opened: Deferred<void> = deferred();
  readonly #challenged: Deferred<Challenge> = deferred();
  readonly #ended: Deferred<never> = deferred();
  readonly #gone: Deferred<void> = deferred();
  /** Messages that came before the connection was in use; `undefined` from then on. */
  #held: EventFrame[] | undefined = [];
  #failure: ClientError | undefined;
  #requests = 0;
  #maxPayloadBytes = Number.POSITIVE_INFINITY;
  #lastFrameAtMs: number;
  #frames = 0;
  #stopWatch: (() => void) | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#pending = new PendingRequests(options.maxPendingRequests, options.clock);
    this.#lastFrameAtMs = options.clock.now();
    this.#socket = options.open(options.target, {
      onOpen: () => this.#opened.resolve(),
      onMessage: (text) => this.#receive(text),
      onEnd: (ending) => this.#end(ending),
    });
  }

  /** Opens, is challenged, proves itself. @throws {ClientError | GatewayError}, and the socket is closed then. */
  async introduce(introduction: Introduction): Promise<HelloOk> {
    const { signal, timeoutMs } = introduction;
    const stopTimer = this.#options.clock.after(timeoutMs, () =>
      this.#drop(new ClientError("CONNECT_TIMEOUT", `the gateway sent no hello-ok within ${timeoutMs} ms`)),
    );
    const onAbort = (): void =>
      this.#drop(new ClientError("ABORTED", "connecting was aborted", { cause: signal.reason }));
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      return await this.#handshake(introduction);
    } catch (error) {
      this.#goodbye(CLOSE_CODES.ConnectFailed.code, CLOSE_CODES.ConnectFailed.reason);
      throw error;
    } finally {
      stopTimer();
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Puts an introduced connection to use: what came in the meantime is delivered now, an end included. */
  start(hello: HelloOk): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#maxPayloadBytes = hello.policy.maxPayload;
    if (this.#failure === undefined) this.#watch(hello.policy.tickIntervalMs);
    for (const frame of held) this.#options.onEvent(frame);
    if (this.#failure !== undefined) this.#options.onLost(this.#failure);
  }

  /** @throws {ClientError | GatewayError} */
  async request(method: string, params: unknown, waiting: Waiting): Promise<unknown> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#requests += 1;
    const id = String(this.#requests);
    const text = JSON.stringify({ type: "req", id, method, params });
    const bytes = byteLength(text, this.#maxPayloadBytes);
    if (bytes > this.#maxPayloadBytes)
      throw new ClientError(
        "FRAME_TOO_LARGE",
        `${method} with its params has ${bytes} bytes, and the gateway accepts ${this.#maxPayloadBytes}`,
      );
    const answer = this.#pending.add(id, method, waiting);
    this.#socket.send(text);
    return answer;
  }

  /**
   * Finds out whether the other side is still there: asks it something, and gives the connection up unless anything at
   * all arrives in time. For a machine that has slept, or whose network has changed.
   */
  check(timeoutMs: number): void {
    if (this.#failure !== undefined) return;
    const { clock } = this.#options;
    const framesBefore = this.#frames;
    void this.request("health", {}, { timeoutMs }).catch(() => {}); // a refusal is a sign of life too
    const stop = clock.after(timeoutMs, () => {
      if (this.#frames === framesBefore) this.#giveUp(`nothing was heard of the gateway within ${timeoutMs} ms`);
    });
    void this.#gone.promise.then(stop);
  }

  /** Ends the connection; resolves when the socket is gone. */
  async close(): Promise<void> {
    this.#fail(
      new ClientError("CLOSED", "the connection was closed by this program", { closeCode: 1000, closeReason: "" }),
    );
    this.#goodbye(CLOSE_CODES.Normal.code, "");
    await this.#gone.promise;
  }

  async #handshake(introduction: Introduction): Promise<HelloOk> {
    await this.#orEnd(this.#opened.promise);
    const { withoutChallenge } = introduction;
    const challenge = await this.#orEnd(this.#challengeWithin(withoutChallenge?.afterMs));
    const dialect = challenge === undefined && withoutChallenge ? withoutChallenge.dialect : introduction.dialect;
    const params = await this.#orEnd(introduction.write(dialect, challenge));
    // Not raced against the end: a refusal comes just before it, and says more.
    const payload = await this.request("connect", params, { timeoutMs: 0 });
    const hello = readHello(payload, dialect);
    if (hello === undefined)
      throw new ClientError(
        "BAD_HELLO",
        `the gateway's answer is no hello-ok of protocol ${dialect.min} to ${dialect.max}`,
      );
    await introduction.onHello(hello);
    if (this.#failure !== undefined) throw this.#failure;
    return hello;
  }

  async #challengeWithin(afterMs: number | undefined): Promise<Challenge | undefined> {
    if (afterMs === undefined) return this.#challenged.promise;
    const late = deferred<undefined>();
    const stop = this.#options.clock.after(afterMs, () => late.resolve(undefined));
    try {
      return await Promise.race([this.#challenged.promise, late.promise]);
    } finally {
      stop();
    }
  }

  #orEnd<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#ended.promise]);
  }

  #watch(tickIntervalMs: number): void {
    const { clock } = this.#options;
    const step = livenessStep(clock.now(), this.#lastFrameAtMs, tickIntervalMs);
    if (step.do === "look-again") {
      this.#stopWatch = clock.after(step.afterMs, () => this.#watch(tickIntervalMs));
      return;
    }
    this.#giveUp("nothing was heard of the gateway for two tick intervals");
  }

  #giveUp(why: string): void {
    if (this.#failure !== undefined) return;
    const { code, reason } = CLOSE_CODES.TickTimeout;
    this.#lose(new ClientError("CLOSED", why, { closeCode: code, closeReason: reason }));
    this.#goodbye(code, reason);
  }

  #receive(text: string | undefined): void {
    if (this.#failure !== undefined) return;
    this.#lastFrameAtMs = this.#options.clock.now();
    this.#frames += 1;
    const frame = text === undefined ? undefined : decodeServerFrame(text);
    if (frame === undefined || !frame.ok) {
      this.#options.onBadFrame();
      if (frame?.id !== undefined) this.#pending.garbled(frame.id);
      return;
    }
    if (frame.value.type === "res") return this.#pending.answer(frame.value);
    if (frame.value.event === "connect.challenge") return this.#challenge(frame.value.payload);
    if (this.#held === undefined) this.#options.onEvent(frame.value);
    else this.#held.push(frame.value);
  }

  #challenge(payload: unknown): void {
    const challenge = readChallenge(payload);
    if (challenge === undefined) return this.#options.onBadFrame();
    this.#challenged.resolve(challenge);
  }

  #end(ending: SocketEnding): void {
    this.#gone.resolve();
    const { code, reason, error } = ending;
    const why = reason === "" ? "without a reason" : `"${truncateCloseReason(reason, 120)}"`;
    this.#lose(
      error ??
        new ClientError("CLOSED", `the connection closed with ${code}, ${why}`, {
          closeCode: code,
          closeReason: reason,
        }),
    );
  }

  #drop(error: ClientError): void {
    this.#fail(error);
    this.#socket.drop();
  }

  #goodbye(code: number, reason: string): void {
    this.#socket.close(code, reason);
    const stop = this.#options.clock.after(GOODBYE_MS, () => this.#socket.drop());
    void this.#gone.promise.then(stop);
  }

  /** The end of everything that waits on this connection, and of a connection in use. */
  #lose(error: ClientError): void {
    const wasInUse = this.#failure === undefined && this.#held === undefined;
    this.#fail(error);
    if (wasInUse) this.#options.onLost(error);
  }

  #fail(error: ClientError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#stopWatch?.();
    this.#ended.reject(error);
    this.#pending.failAll(error);
  }
}

/** Bytes of UTF-8; not counted where even the longest encoding fits. */
function byteLength(text: string, max: number): number {
  return text.length * 3 <= max ? text.length : new TextEncoder().encode(text).length;
}
