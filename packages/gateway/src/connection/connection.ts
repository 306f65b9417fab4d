import {
  CLOSE_CODES,
  CODECS,
  type ConnectParams,
  connectParamsSchema,
  decodeRequestFrame,
  describeIssues,
  type ErrorShape,
  encodeErrorResponse,
  encodeEvent,
  encodeResponse,
  LIMITS,
  type ProtocolCodec,
  type ProtocolVersion,
  type RequestFrame,
  type StateVersion,
  truncateCloseReason,
} from "@saltgate/protocol";
import type { Attribution } from "../address/attribution.ts";
import type { Clock } from "../clock.ts";
import type { Logger } from "../logging/logger.ts";
import {
  type ConnectionAction,
  type ConnectionInput,
  type ConnectionState,
  connectionStep,
} from "./connection-state.ts";
import type { Peer } from "./peer.ts";
import type { Refusal } from "./refusal.ts";

/** The socket under a connection, as far as a connection needs it. */
export interface PeerSocket {
  send(text: string): void;
  close(code: number, reason: string): void;
  /** Ends the socket without a goodbye. */
  terminate(): void;
  ping(): void;
  /** Bytes that wait to be sent. */
  readonly bufferedBytes: number;
  /** Bytes received so far. */
  readonly receivedBytes: number;
}

/** Where a connection's request came from. */
export interface ConnectionOrigin {
  readonly attribution: Attribution;
  /** The Origin header, which only web pages send. */
  readonly browserOrigin: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** What came of asking for admission. */
export type Verdict<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: Refusal; readonly version: ProtocolVersion };

/** What a connection asks of the gateway around it. */
export interface ConnectionHost<Proven> {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly handshakeTimeoutMs: number;
  /** Checks version, secret and device. */
  judge(connection: Connection<Proven>, params: ConnectParams): Promise<Verdict<Proven>>;
  /** Asks the pairing store. */
  pair(
    connection: Connection<Proven>,
    params: ConnectParams,
    proven: Proven,
  ): Promise<Verdict<{ readonly peer: Peer; readonly hello: (codec: ProtocolCodec) => unknown }>>;
  /** The connection got its hello-ok. */
  ready(connection: Connection<Proven>, peer: Peer): void;
  /** Answers a request of a ready connection. */
  dispatch(connection: Connection<Proven>, peer: Peer, frame: RequestFrame, frameBytes: number): void;
  /** The connection is over. */
  ended(connection: Connection<Proven>): void;
}

function nothing(): void {}

/** One socket with its state machine: reads frames, asks the machine, performs what it says. */
export class Connection<Proven = unknown> {
  readonly id: string;
  readonly nonce: string;
  readonly origin: ConnectionOrigin;
  readonly acceptedAtMs: number;
  readonly #socket: PeerSocket;
  readonly #host: ConnectionHost<Proven>;
  #state: ConnectionState = { at: "open" };
  #peer: Peer | undefined;
  #codec: ProtocolCodec = CODECS[3];
  #connectParams: ConnectParams | undefined;
  #proven: { readonly value: Proven } | undefined;
  #greeting: { readonly peer: Peer; readonly hello: (codec: ProtocolCodec) => unknown } | undefined;
  #claim: { readonly deviceId: string; readonly role: string } | undefined;
  #seq = 0;
  #lastHeardMs: number;
  #bytesAtLastMessage = 0;
  #cancelDeadline: () => void = nothing;
  readonly #socketEnded = Promise.withResolvers<void>();

  constructor(id: string, nonce: string, socket: PeerSocket, origin: ConnectionOrigin, host: ConnectionHost<Proven>) {
    this.id = id;
    this.nonce = nonce;
    this.origin = origin;
    this.#socket = socket;
    this.#host = host;
    this.acceptedAtMs = host.clock.now();
    this.#lastHeardMs = this.acceptedAtMs;
  }

  /** Who this is; `undefined` before hello-ok. */
  get peer(): Peer | undefined {
    return this.#peer;
  }

  /**
   * The device that this connection belongs to, from the moment it has proven its key: what ends a device's
   * connections also ends one that is about to become ready (rule R-16).
   */
  get device(): { readonly deviceId: string; readonly role: string } | undefined {
    if (this.#peer === undefined) return this.#claim;
    const { deviceId, role } = this.#peer;
    return deviceId === undefined ? undefined : { deviceId, role };
  }

  /** Notes which device this connection has proven to be. */
  claimDevice(deviceId: string, role: string): void {
    this.#claim = { deviceId, role };
  }

  /** Where the connection is in its life. */
  get phase(): ConnectionState["at"] {
    return this.#state.at;
  }

  /** The codec of the agreed revision. */
  get codec(): ProtocolCodec {
    return this.#codec;
  }

  /** Bytes that wait to be sent. */
  get bufferedBytes(): number {
    return this.#socket.bufferedBytes;
  }

  /** Bytes received of a message that is not complete yet. */
  get partialBytes(): number {
    return Math.max(0, this.#socket.receivedBytes - this.#bytesAtLastMessage);
  }

  /** When the peer was last heard of, in milliseconds since the epoch. */
  get lastHeardMs(): number {
    return this.#lastHeardMs;
  }

  /** Sends the challenge and starts the handshake's deadline. */
  accept(): void {
    this.#cancelDeadline = this.#host.clock.after(this.#host.handshakeTimeoutMs, () =>
      this.#step({ type: "deadline" }),
    );
    this.#step({ type: "accepted" });
  }

  /** Takes a whole message. */
  receive(text: string, bytes: number): void {
    this.heard();
    this.#bytesAtLastMessage = this.#socket.receivedBytes;
    if (this.#state.at === "closed") return;
    if (this.#state.at !== "ready" && bytes > LIMITS.maxPreAuthFrameBytes) {
      this.#step({ type: "failed" });
      return;
    }
    const frame = decodeRequestFrame(text);
    if (this.#state.at === "challenged" && frame.ok && frame.value.method === "connect") {
      const params = connectParamsSchema().safeParse(frame.value.params ?? {});
      if (params.success) this.#connectParams ??= params.data;
      this.#step(
        params.success
          ? { type: "frame", frame }
          : { type: "frame", frame, paramsProblem: describeIssues(params.error) },
      );
      return;
    }
    this.#step({ type: "frame", frame }, bytes);
  }

  /** Something that it sent went wrong in a way that nobody foresaw: it ends, and nobody else is hurt. */
  failed(error: unknown): void {
    this.#host.logger.error(
      { connId: this.id, err: error },
      "a message could not be dealt with; its connection was ended",
    );
    this.#step({ type: "failed" });
  }

  /** Notes a sign of life that is not a message: a pong. */
  heard(): void {
    this.#lastHeardMs = this.#host.clock.now();
  }

  /** Resolves when the socket under the connection is gone. */
  get socketEnded(): Promise<void> {
    return this.#socketEnded.promise;
  }

  /** The socket is gone. */
  socketClosed(): void {
    this.#socketEnded.resolve();
    this.#step({ type: "ended" });
  }

  /** Lets running requests end, and refuses new ones. */
  drain(): void {
    this.#step({ type: "drain" });
  }

  /** Asks for a sign of life. */
  ping(): void {
    this.#socket.ping();
  }

  /** Ends the connection from our side. */
  close(code: number, reason: string): void {
    if (this.#state.at === "closed") return;
    this.#perform({ do: "close", code, reason });
    this.#step({ type: "ended" });
  }

  /** Ends the connection without waiting for a goodbye, as with a peer that is not there any more. */
  terminate(code: number, reason: string): void {
    this.close(code, reason);
    this.#socket.terminate();
  }

  /** Answers a request. */
  respond(id: string, payload: unknown): void {
    this.#send(encodeResponse(id, payload));
  }

  /** Answers a request with a failure, in the words of the agreed revision. */
  respondError(id: string, error: ErrorShape): void {
    this.#send(encodeErrorResponse(id, this.#codec.error(error)));
  }

  /** Sends an event with this connection's next sequence number. */
  sendEvent(name: string, payloadJson: string, stateVersion: StateVersion | undefined): void {
    this.#seq += 1;
    this.#send(encodeEvent(name, payloadJson, this.#seq, stateVersion));
  }

  /** Sends an event that is meant for this connection alone; it has no sequence number. */
  sendTargeted(name: string, payloadJson: string): void {
    this.#send(encodeEvent(name, payloadJson, undefined));
  }

  #send(text: string): void {
    if (this.#state.at !== "closed") this.#socket.send(text);
  }

  #step(input: ConnectionInput, frameBytes = 0): void {
    const before = this.#state.at;
    const step = connectionStep(this.#state, input);
    // Actions that answer and close belong to the way into `closed`, so they come before it.
    for (const action of step.actions) if (action.do === "answer" || action.do === "close") this.#perform(action);
    this.#state = step.state;
    for (const action of step.actions)
      if (action.do !== "answer" && action.do !== "close") this.#perform(action, frameBytes);
    if (step.state.at === "closed" && before !== "closed") {
      this.#cancelDeadline();
      this.#host.ended(this);
    }
  }

  #perform(action: ConnectionAction, frameBytes = 0): void {
    switch (action.do) {
      case "challenge":
        this.sendTargeted("connect.challenge", JSON.stringify({ nonce: this.nonce, ts: this.#host.clock.now() }));
        return;
      case "judge":
        void this.#judge();
        return;
      case "pair":
        void this.#pair();
        return;
      case "greet":
        this.#greet(action.id);
        return;
      case "dispatch":
        if (this.#peer !== undefined) this.#host.dispatch(this, this.#peer, action.frame, frameBytes);
        return;
      case "answer":
        this.respondError(action.id, action.error);
        return;
      case "ignore":
        this.#host.logger.debug({ connId: this.id }, "a message that is not JSON was ignored");
        return;
      case "close":
        this.#socket.close(action.code, truncateCloseReason(action.reason, LIMITS.maxCloseReasonBytes));
        return;
    }
  }

  async #judge(): Promise<void> {
    const params = this.#connectParams;
    if (params === undefined) return;
    const verdict = await this.#ask(() => this.#host.judge(this, params));
    if (verdict === undefined) return;
    if (verdict.ok) this.#proven = { value: verdict.value };
    else this.#codec = CODECS[verdict.version];
    this.#step(verdict.ok ? { type: "judged" } : { type: "judged", refusal: verdict.refusal });
  }

  async #pair(): Promise<void> {
    const params = this.#connectParams;
    const proven = this.#proven;
    if (params === undefined || proven === undefined) return;
    const verdict = await this.#ask(() => this.#host.pair(this, params, proven.value));
    if (verdict === undefined) return;
    if (verdict.ok) this.#greeting = verdict.value;
    else this.#codec = CODECS[verdict.version];
    this.#step(verdict.ok ? { type: "paired" } : { type: "paired", refusal: verdict.refusal });
  }

  /** Whatever goes wrong in deciding is a refusal (rule 10.G: fail closed). */
  async #ask<T>(question: () => Promise<T>): Promise<T | undefined> {
    try {
      return await question();
    } catch (error) {
      this.#host.logger.error(
        { connId: this.id, err: error },
        "a connect request could not be decided; it was refused",
      );
      this.#step({ type: "failed" });
      return undefined;
    }
  }

  #greet(id: string): void {
    const greeting = this.#greeting;
    if (greeting === undefined) return;
    this.#peer = greeting.peer;
    this.#codec = CODECS[greeting.peer.version];
    this.respond(id, greeting.hello(this.#codec));
    this.#cancelDeadline();
    this.#forgetHandshake();
    this.#step({ type: "greeted" });
    this.#host.ready(this, greeting.peer);
  }

  /** A connection may live for months; what it was admitted with need not, least of all its credentials. */
  #forgetHandshake(): void {
    this.#cancelDeadline = nothing;
    this.#connectParams = undefined;
    this.#proven = undefined;
    this.#greeting = undefined;
  }

  /** Ends the connection because its reader is too slow for something that may not be dropped. */
  closeSlow(): void {
    this.terminate(CLOSE_CODES.SlowConsumer.code, CLOSE_CODES.SlowConsumer.reason);
  }
}
