import {
  describeIssues,
  type ErrorShape,
  errorShape,
  type MethodDescription,
  type MethodName,
  type ProtocolCodec,
  type RequestFrame,
  type ResultOf,
} from "@saltgate/protocol";
import { StoreError, StoreErrorCode } from "@saltgate/store";
import type { Clock } from "../clock.ts";
import { nameOf, type Peer } from "../connection/peer.ts";
import { type Logger, loggable } from "../logging/logger.ts";
import { authorize } from "./authorize.ts";
import { IdempotencyCache } from "./idempotency.ts";
import { type Outcome, RequestError, TwoPhaseResult } from "./outcome.ts";

/** Answers one method for a peer that may call it, with params that were checked. */
export type AnyHandler = (params: never, caller: Peer) => unknown;

/** What a dispatcher needs of the connection that a request came over. */
export interface ResponseChannel {
  readonly codec: ProtocolCodec;
  respond(id: string, payload: unknown): void;
  respondError(id: string, error: ErrorShape): void;
}

/** Bounds and collaborators of a {@link Dispatcher}. */
export interface DispatcherOptions {
  /** Handlers by method name. */
  readonly handlers: Readonly<Record<string, AnyHandler | undefined>>;
  /** Requests of one connection that may be under way; more are refused with `UNAVAILABLE`, to be tried again. */
  readonly maxInFlightPerConnection: number;
  /** Whether there is memory for a request of so many bytes, and holding it while it is answered. */
  readonly memory: { admits(bytes: number): boolean; hold(bytes: number): () => void };
  readonly clock: Clock;
  readonly logger: Logger;
  /** Hears of every act that the owner's record should have. */
  readonly audit: (entry: {
    readonly method: string;
    readonly by: string;
    readonly deviceId: string | undefined;
    /** What it was about: ids, names and decisions of the request, nothing else of it. */
    readonly about: Readonly<Record<string, string>>;
    readonly ok: boolean;
  }) => void;
}

const RETRY_AFTER_MS = 250;

/**
 * Takes requests to their handlers and answers back: bounds, then role and scope, then params, then the idempotency
 * key, then the handler. A request that is refused has changed nothing.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #idempotency: IdempotencyCache;
  readonly #inFlight = new Map<string, number>();
  #running = 0;
  #idle: (() => void) | undefined;
  readonly counts = { requests: 0, failures: 0 };

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#idempotency = new IdempotencyCache(options.clock.now);
  }

  /** Names of the methods that have a handler. */
  get served(): string[] {
    return Object.keys(this.#options.handlers).filter((name) => this.#options.handlers[name] !== undefined);
  }

  /** How many requests are under way. */
  get running(): number {
    return this.#running;
  }

  /** Resolves when no request is under way. */
  async drained(): Promise<void> {
    if (this.#running === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
  }

  /** Answers a request, at once where its handler can. */
  dispatch(channel: ResponseChannel, peer: Peer, frame: RequestFrame, frameBytes: number): void {
    this.counts.requests += 1;
    const inFlight = this.#inFlight.get(peer.connId) ?? 0;
    if (inFlight >= this.#options.maxInFlightPerConnection) {
      return this.#fail(
        channel,
        frame,
        errorShape("QUEUE_FULL", "too many requests under way on this connection", { retryAfterMs: RETRY_AFTER_MS }),
      );
    }
    if (!this.#options.memory.admits(frameBytes)) {
      return this.#fail(
        channel,
        frame,
        errorShape("OVERLOADED", "the gateway has no room for this request now", { retryAfterMs: 1_000 }),
      );
    }
    const authorization = authorize(peer, frame.method);
    if (!authorization.ok) return this.#fail(channel, frame, authorization.error);
    const handler = this.#options.handlers[frame.method];
    if (handler === undefined) {
      return this.#fail(
        channel,
        frame,
        errorShape(
          "METHOD_NOT_SERVED",
          `method not served: ${frame.method} is part of the protocol, but this gateway does not serve it`,
        ),
      );
    }
    const params = authorization.method.params().safeParse(frame.params ?? {});
    if (!params.success) {
      return this.#fail(
        channel,
        frame,
        errorShape("INVALID_PARAMS", `invalid ${frame.method} params: ${describeIssues(params.error)}`),
      );
    }
    const outcome = this.#run(authorization.method, frame.method, handler, params.data, peer);
    if (!(outcome instanceof Promise)) return this.#settle(channel, peer, frame, authorization.method, outcome);
    this.#begin(peer, inFlight);
    const release = this.#options.memory.hold(frameBytes);
    void outcome.then((settled) => {
      release();
      this.#end(peer);
      this.#settle(channel, peer, frame, authorization.method, settled);
    });
  }

  #run(
    description: MethodDescription,
    method: string,
    handler: AnyHandler,
    params: unknown,
    peer: Peer,
  ): Outcome | Promise<Outcome> {
    const key = description.idempotent === true ? idempotencyKeyOf(params) : undefined;
    if (key === undefined) return this.#call(method, handler, params, peer);
    const call = this.#idempotency.begin(peer.deviceId ?? "local owner", method, key, params);
    if (call.do === "repeat") return call.outcome;
    if (call.do === "refuse") {
      return {
        ok: false,
        error: errorShape("IDEMPOTENCY_KEY_REUSED", "this idempotency key belongs to another request"),
      };
    }
    const outcome = this.#call(method, handler, params, peer);
    if (outcome instanceof Promise) void outcome.then(call.settle);
    else call.settle(outcome);
    return outcome;
  }

  #call(method: string, handler: AnyHandler, params: unknown, peer: Peer): Outcome | Promise<Outcome> {
    try {
      const result = handler(params as never, peer);
      if (!(result instanceof Promise)) return { ok: true, result };
      return result.then(
        (value: unknown): Outcome => ({ ok: true, result: value }),
        (error: unknown) => this.#failure(method, error),
      );
    } catch (error) {
      return this.#failure(method, error);
    }
  }

  #failure(method: string, error: unknown): Outcome {
    if (error instanceof RequestError) return { ok: false, error: error.shape };
    if (error instanceof StoreError && error.code === StoreErrorCode.Full)
      return { ok: false, error: errorShape("OVERLOADED", error.message) };
    if (error instanceof StoreError) {
      this.#options.logger.error({ method, err: error }, "a request failed because the state can't be used");
      return {
        ok: false,
        error: errorShape("STORE_UNAVAILABLE", `${method} can't read or write the gateway's state; its log says why`),
      };
    }
    // What went wrong inside is for the log: its text may name files or carry secrets.
    this.#options.logger.error({ method, err: error }, "a request failed inside the gateway");
    return { ok: false, error: errorShape("INTERNAL", `${method} failed inside the gateway; its log says why`) };
  }

  #settle(
    channel: ResponseChannel,
    peer: Peer,
    frame: RequestFrame,
    description: MethodDescription,
    outcome: Outcome,
  ): void {
    if (description.privileged) {
      this.#options.audit({
        method: frame.method,
        by: loggable(nameOf(peer)) ?? "",
        deviceId: peer.deviceId,
        about: aboutOf(frame.params),
        ok: outcome.ok,
      });
    }
    if (!outcome.ok) return this.#fail(channel, frame, outcome.error);
    if (outcome.result instanceof TwoPhaseResult) {
      this.#respond(channel, frame, outcome.result.first);
      void outcome.result.final.then(
        (final) => this.#respond(channel, frame, final),
        (error: unknown) => {
          const failure = this.#failure(frame.method, error);
          if (!failure.ok) this.#fail(channel, frame, failure.error);
        },
      );
      return;
    }
    this.#respond(channel, frame, outcome.result);
  }

  #respond(channel: ResponseChannel, frame: RequestFrame, result: unknown): void {
    channel.respond(frame.id, channel.codec.result(frame.method as MethodName, result as ResultOf<MethodName>));
  }

  #fail(channel: ResponseChannel, frame: RequestFrame, error: ErrorShape): void {
    this.counts.failures += 1;
    channel.respondError(frame.id, error);
  }

  #begin(peer: Peer, inFlight: number): void {
    this.#running += 1;
    this.#inFlight.set(peer.connId, inFlight + 1);
  }

  #end(peer: Peer): void {
    this.#running -= 1;
    const left = (this.#inFlight.get(peer.connId) ?? 1) - 1;
    if (left === 0) this.#inFlight.delete(peer.connId);
    else this.#inFlight.set(peer.connId, left);
    if (this.#running === 0) {
      this.#idle?.();
      this.#idle = undefined;
    }
  }
}

function idempotencyKeyOf(params: unknown): string | undefined {
  const key =
    typeof params === "object" && params !== null && "idempotencyKey" in params ? params.idempotencyKey : undefined;
  return typeof key === "string" ? key : undefined;
}

/** Keys of a request that say what it was about, and never hold a secret. */
const ABOUT_KEYS = ["nodeId", "command", "requestId", "deviceId", "role", "id", "decision", "setupId"] as const;

function aboutOf(params: unknown): Record<string, string> {
  const about: Record<string, string> = {};
  if (typeof params !== "object" || params === null) return about;
  for (const key of ABOUT_KEYS) {
    const value = (params as Record<string, unknown>)[key];
    if (typeof value === "string") about[key] = loggable(value) ?? "";
  }
  return about;
}
