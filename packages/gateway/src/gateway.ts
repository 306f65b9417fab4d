import type { IncomingMessage } from "node:http";
import { advertisedEvents, advertisedMethods, CLOSE_CODES, type Hello, scopeSatisfies } from "@saltgate/protocol";
import { StoreError } from "@saltgate/store";
import type { WebSocket } from "ws";
import { isTailnetIp, normalizeIp, parseAddressSet } from "./address/ip.ts";
import { reachOf } from "./address/reach.ts";
import { ApprovalDesk } from "./approvals/approval-desk.ts";
import { RateLimiter } from "./auth/rate-limiter.ts";
import type { SharedSecret } from "./auth/shared-secret.ts";
import { Connection, type ConnectionHost } from "./connection/connection.ts";
import { FrontDesk, type Proven } from "./connection/front-desk.ts";
import { MemoryGuard } from "./connection/memory-guard.ts";
import type { Peer } from "./connection/peer.ts";
import { ConnectionRegistry } from "./connection/registry.ts";
import { feedConnection, peerSocket } from "./connection/ws-socket.ts";
import { ConversationDesk } from "./conversation/conversation-desk.ts";
import { Dispatcher } from "./dispatch/dispatcher.ts";
import { createEventPublisher, EventHub } from "./events/event-hub.ts";
import { type GatewayPhase, HealthMonitor, withoutProblems } from "./health/health-monitor.ts";
import { gatewayMetrics } from "./http/gateway-metrics.ts";
import { HttpGate } from "./http/http-gate.ts";
import { type HttpSurface, listen } from "./http/http-server.ts";
import { loggable } from "./logging/logger.ts";
import { approvalMethods, mayApprove } from "./methods/approvals.ts";
import { approvalsFileMethods } from "./methods/approvals-file.ts";
import { deviceMethods } from "./methods/devices.ts";
import type { Handlers } from "./methods/handlers.ts";
import { setupCodeMethods } from "./methods/setup-codes.ts";
import { systemMethods } from "./methods/system.ts";
import { NodeDesk, type NodeDeskOptions } from "./nodes/node-desk.ts";
import type { NodeChannel } from "./nodes/node-session.ts";
import type { GatewayOptions } from "./options.ts";
import {
  CLOSE_DEVICE_SUBJECT,
  type CloseDeviceMessage,
  NODE_SURFACE_SUBJECT,
  type NodeSurfaceMessage,
} from "./pairing-listener.ts";
import { createPresenceBroadcast } from "./presence/presence-broadcast.ts";
import { PresenceList } from "./presence/presence-list.ts";

/** Above this many waiting bytes a reader misses what the next event of the same kind replaces. */
const COALESCE_ABOVE_BYTES = 1_048_576;
/** How long a socket may take to say goodbye when the gateway stops, in milliseconds. */
const GOODBYE_MS = 1_000;

/** How a gateway ends. */
export interface StopOptions {
  /** What the `shutdown` event says. @default "gateway stopping" */
  readonly reason?: string;
  /** When it expects to be back, in milliseconds; absent when it stops for good. */
  readonly restartExpectedMs?: number;
  /** How long running requests may take to end, in milliseconds. @default 5_000 */
  readonly drainTimeoutMs?: number;
  /** Ends the wait for them early. */
  readonly hurry?: AbortSignal;
}

/** A gateway that listens. */
export interface Gateway {
  readonly port: number;
  readonly addresses: readonly string[];
  /** Takes a new shared secret: connections that were admitted with the old one end (rule R-17). */
  replaceSecret(secret: SharedSecret): void;
  /** Refuses new work, lets running requests end, says goodbye to everybody, and stops listening. */
  stop(options?: StopOptions): Promise<void>;
}

/**
 * Starts a gateway: everything in the options, wired. Resolves once it listens and serves.
 * @throws the system's error when an address can't be bound; nothing is left listening then.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const running = new RunningGateway(options);
  await running.start();
  return running;
}

class RunningGateway implements Gateway, ConnectionHost<Proven> {
  readonly clock;
  readonly logger;
  readonly handshakeTimeoutMs;
  readonly #options: GatewayOptions;
  readonly #gate: HttpGate;
  readonly #registry: ConnectionRegistry;
  readonly #memory: MemoryGuard;
  readonly #events;
  readonly #hub: EventHub;
  readonly #presence: PresenceList;
  readonly #presenceChanged: () => void;
  readonly #health: HealthMonitor;
  readonly #frontDesk: FrontDesk;
  readonly #dispatcher: Dispatcher;
  readonly #approvals: ApprovalDesk;
  readonly #nodes: NodeDesk;
  readonly #conversation: ConversationDesk;
  readonly #stops: (() => void)[] = [];
  readonly #startedAtMs: number;
  #conversationProblem: string | undefined;
  #secret: SharedSecret;
  #phase: GatewayPhase = "starting";
  #surface: HttpSurface | undefined;

  constructor(options: GatewayOptions) {
    const { clock, logger, limits, auth, bus, machine, pairing } = options;
    this.#options = options;
    this.clock = clock;
    this.logger = logger;
    this.handshakeTimeoutMs = limits.handshakeTimeoutMs;
    this.#secret = auth.secret;
    this.#startedAtMs = clock.now();
    this.#registry = new ConnectionRegistry(limits);
    this.#memory = new MemoryGuard(this.#registry, limits.totalBufferedBytes, logger);
    this.#events = createEventPublisher(bus);
    const coalesceAboveBytes = Math.min(COALESCE_ABOVE_BYTES, limits.maxBufferedBytes);
    this.#hub = new EventHub(
      bus,
      this.#registry,
      { maxBufferedBytes: limits.maxBufferedBytes, coalesceAboveBytes },
      clock,
    );
    this.#presence = new PresenceList(machine.presence, clock.now);
    this.#health = new HealthMonitor(
      {
        phase: () => this.#phaseNow(),
        problems: () => this.#problems(),
        connections: () => this.#connectionCounts(),
        bufferedBytes: () => this.#memory.heldBytes(),
        conversations: () => this.#conversation.health(),
        version: options.version,
      },
      clock,
    );
    this.#presenceChanged = createPresenceBroadcast(this.#presence, this.#events, () => this.#health.version, clock);
    const limiter = new RateLimiter(auth.rateLimit, clock.now);
    this.#gate = new HttpGate({
      surroundings: {
        trustedProxies: parseAddressSet(auth.trustedProxies),
        isOwnTailnetAddress: (address) =>
          isTailnetIp(address) && machine.ownAddresses().some((own) => normalizeIp(own) === address),
      },
      secret: () => this.#secret,
      allowedOrigins: auth.allowedOrigins,
      limiter,
      tls: options.listen.tls !== undefined,
      logger,
    });
    this.#approvals = new ApprovalDesk({
      document: options.approvals.document,
      clock,
      publish: {
        requested: (approval) => this.#events.publish("exec.approval.requested", approval),
        resolved: (ending) => this.#events.publish("exec.approval.resolved", ending),
      },
    });
    this.#conversation = new ConversationDesk({
      conversation: options.conversation,
      events: this.#events,
      clock,
      logger,
      newId: options.newId,
      tools: {
        nodes: () => this.#nodes,
        approvals: this.#approvals,
        approvalsFile: options.approvals.file,
        timeoutMs: options.approvals.timeoutMs,
        skillBins: options.nodes.skillBins,
      },
      houseFacts: {
        gatewayStatus: () => ({
          version: options.version,
          startedAtMs: this.#startedAtMs,
          clients: this.#connectionCounts().operators,
          problems: this.#problems(),
        }),
        nodes: () => this.#nodes.facts(),
      },
    });
    this.#nodes = new NodeDesk({
      nodes: options.nodes,
      devices: pairing,
      approvals: this.#approvals,
      events: this.#events,
      queueSystemEvent: (text) => this.#conversation.queueSystemEvent(text),
      sendOutput: (connId, output) => this.#sendOutput(connId, output),
      guesses: {
        lockedForMs: ({ connId, deviceId }) => limiter.retryAfterMs("node-token", deviceId ?? connId),
        wrong: ({ connId, deviceId }, token) => limiter.fail("node-token", deviceId ?? connId, token),
      },
      clock,
      logger,
      newId: options.newId,
      conversationEvent: (event, payload, caller) => {
        const connection = this.#registry.byId(caller.connId);
        if (connection === undefined) return Promise.resolve("the connection is over");
        return this.#conversation.nodeEvent(event, payload, nodeChannel(connection), caller);
      },
    });
    this.#frontDesk = new FrontDesk({
      auth: () => ({ ...auth, secret: this.#secret }),
      limiter,
      pairing,
      invites: options.invites,
      declareNode: (declaration) => this.#nodes.declare(declaration),
      engine: options.engine,
      whois: options.whois,
      clock,
      logger,
      room: () => (this.#phase === "draining" ? "draining" : this.#registry.hasRoom ? "room" : "full"),
      hello: (peer) => this.#hello(peer),
    });
    const handlers: Handlers = {
      ...systemMethods({
        health: this.#health,
        presence: this.#presence,
        events: this.#events,
        presenceChanged: this.#presenceChanged,
        queueSystemEvent: (text) => this.#conversation.queueSystemEvent(text),
        queuedSystemEvents: () => this.#conversation.queuedSystemEvents,
        conversations: () => this.#conversation.status(),
        uptimeMs: () => clock.now() - this.#startedAtMs,
        version: options.version,
      }),
      ...deviceMethods(pairing, { removed: (deviceId) => this.#nodes.forget(deviceId) }),
      ...setupCodeMethods({
        invites: options.invites,
        reach: () =>
          reachOf({
            addresses: this.addresses,
            port: this.port,
            tls: options.listen.tls !== undefined,
            ownAddresses: machine.ownAddresses(),
          }),
        tlsFingerprint: options.tlsFingerprint,
        authMode: () => this.#secret.mode,
      }),
      ...this.#nodes.methods,
      ...approvalMethods({
        desk: this.#approvals,
        newId: options.newId,
        defaultTimeoutMs: options.approvals.timeoutMs,
        approvers: (asker) => this.#approversBeside(asker),
      }),
      ...approvalsFileMethods(options.approvals.file),
      ...this.#conversation.methods,
    };
    this.#dispatcher = new Dispatcher({
      handlers,
      maxInFlightPerConnection: limits.maxInFlightRequests,
      memory: this.#memory,
      clock,
      logger,
      audit: (entry) => logger.info({ audit: true, ...entry }, "a privileged act"),
    });
  }

  get port(): number {
    return this.#surface?.port ?? 0;
  }

  get addresses(): readonly string[] {
    return this.#surface?.addresses ?? [];
  }

  async start(): Promise<void> {
    const { clock, limits, bus, listen: plan } = this.#options;
    await this.#openApprovals();
    this.#surface = await listen(
      { ...plan, maxPayloadBytes: limits.maxPayloadBytes },
      {
        admitUpgrade: (request) => this.#gate.admitUpgrade(request),
        connected: (socket, request) => this.#connected(socket, request),
        authorize: (request) => this.#gate.authorize(request),
        readiness: () => ({ ready: this.#phase === "ready", phase: this.#phaseNow() }),
        metrics: () => this.#metrics(),
        webhook: (path) => this.#conversation.webhook(path),
      },
      (address, error) => this.logger.debug({ address, err: error }, "an optional address could not be bound"),
    );
    this.#stops.push(
      bus.subscribe(CLOSE_DEVICE_SUBJECT, (message) => this.#closeDevice(message as CloseDeviceMessage)),
      bus.subscribe(NODE_SURFACE_SUBJECT, (message) => this.#surfaceChanged(message as NodeSurfaceMessage)),
    );
    let dueAtMs = clock.now() + limits.tickIntervalMs;
    this.#stops.push(
      clock.every(limits.tickIntervalMs, () => {
        const now = clock.now();
        this.#health.noteLateness(now - dueAtMs);
        dueAtMs = now + limits.tickIntervalMs;
        this.#tick(now);
      }),
    );
    this.#phase = "ready";
    // Whoever connects now is served; what the last process left is taken up meanwhile.
    this.#conversation.open().catch((error: unknown) => {
      this.#conversationProblem =
        "Conversations can't be used, and no channel runs, until this is mended and the gateway is started again";
      this.logger.error({ err: error }, "the conversations can't be opened");
    });
  }

  replaceSecret(secret: SharedSecret): void {
    this.#secret = secret;
    for (const connection of this.#registry.ready()) {
      const method = connection.peer?.authMethod;
      if (method === "token" || method === "password") {
        connection.close(CLOSE_CODES.CredentialsChanged.code, CLOSE_CODES.CredentialsChanged.reason);
      }
    }
  }

  async stop(options: StopOptions = {}): Promise<void> {
    if (this.#phase === "draining") return;
    this.#phase = "draining";
    for (const connection of this.#registry.ready()) connection.drain();
    this.#approvals.close();
    const { promise: deadline, resolve } = Promise.withResolvers<void>();
    const cancel = this.clock.after(options.drainTimeoutMs ?? 5_000, resolve);
    options.hurry?.addEventListener("abort", () => resolve(), { once: true });
    if (options.hurry?.aborted) resolve();
    // Runs get the same time; what waits after it goes on after the next start.
    const hurry = new AbortController();
    void deadline.then(() => hurry.abort());
    const conversationEnded = this.#conversation.close(hurry.signal);
    await Promise.race([Promise.all([this.#dispatcher.drained(), conversationEnded]), deadline]);
    cancel();
    this.#events.publish("shutdown", {
      reason: options.reason ?? "gateway stopping",
      ...(options.restartExpectedMs !== undefined && { restartExpectedMs: options.restartExpectedMs }),
    });
    for (const stop of this.#stops) stop();
    await conversationEnded;
    await this.#sayGoodbye();
    await this.#nodes.close();
    this.#hub.close();
    await this.#surface?.close();
  }

  async #sayGoodbye(): Promise<void> {
    const leaving = [...this.#registry.ready(), ...this.#registry.waiting()];
    for (const connection of leaving)
      connection.close(CLOSE_CODES.ServiceRestart.code, CLOSE_CODES.ServiceRestart.reason);
    const { promise: patience, resolve } = Promise.withResolvers<void>();
    const cancel = this.clock.after(GOODBYE_MS, resolve);
    await Promise.race([Promise.all(leaving.map((connection) => connection.socketEnded)), patience]);
    cancel();
    for (const connection of leaving)
      connection.terminate(CLOSE_CODES.ServiceRestart.code, CLOSE_CODES.ServiceRestart.reason);
  }

  // What connections ask of the gateway around them.

  judge: ConnectionHost<Proven>["judge"] = (connection, params) => this.#frontDesk.judge(connection, params);

  pair: ConnectionHost<Proven>["pair"] = (connection, params, proven) =>
    this.#frontDesk.pair(connection, params, proven);

  ready(connection: Connection<Proven>, peer: Peer): void {
    this.#registry.promote(connection);
    if (this.#phase === "draining") connection.drain();
    this.logger.debug(
      { connId: connection.id, deviceId: peer.deviceId, clientId: loggable(peer.client.id), role: peer.role },
      "connected",
    );
    if (peer.client.mode !== "cli") this.#presenceChanged();
    if (peer.node !== undefined) this.#nodes.join(nodeChannel(connection), peer);
  }

  dispatch: ConnectionHost<Proven>["dispatch"] = (connection, peer, frame, frameBytes) =>
    this.#dispatcher.dispatch(connection, peer, frame, frameBytes);

  ended(connection: Connection<Proven>): void {
    this.#registry.remove(connection);
    const { peer } = connection;
    if (peer === undefined) return;
    this.#nodes.leave(connection.id, peer);
    this.#conversation.nodeLeft(connection.id);
    if (this.#presence.leave(peer, () => this.#registry.isHere(peer))) this.#presenceChanged();
  }

  #connected(socket: WebSocket, request: IncomingMessage): void {
    const raw = request.socket;
    const origin = {
      attribution: this.#gate.attributionOf(request),
      browserOrigin: request.headers.origin,
      headers: request.headers,
    };
    const { newId } = this.#options;
    const connection = new Connection<Proven>(newId(), newId(), peerSocket(socket, raw), origin, this);
    this.#registry.add(connection);
    feedConnection(connection, socket, raw);
    connection.accept();
  }

  // What a connection is told.

  #hello(peer: Peer): Omit<Hello, "connId" | "role" | "scopes" | "issuedToken"> {
    const { version, machine, limits, paths } = this.#options;
    this.#presence.join(peer);
    const isReader = peer.role === "operator" && scopeSatisfies(peer.scopes, "operator.read");
    const isAdmin = scopeSatisfies(peer.scopes, "operator.admin");
    const health = this.#health.last;
    return {
      serverVersion: version,
      serverHost: machine.hostName,
      methods: advertisedMethods(peer.version, this.#dispatcher.served),
      events: advertisedEvents(peer.version),
      presence: isReader ? this.#presence.list() : [],
      health: !isReader || health === undefined ? {} : isAdmin ? health : withoutProblems(health),
      stateVersion: { presence: this.#presence.version, health: this.#health.version },
      uptimeMs: this.clock.now() - this.#startedAtMs,
      paths: isAdmin ? paths : undefined,
      authMode: this.#secret.mode,
      sessionDefaults: this.#conversation.sessionDefaults,
      policy: {
        maxPayload: limits.maxPayloadBytes,
        maxBufferedBytes: limits.maxBufferedBytes,
        tickIntervalMs: limits.tickIntervalMs,
      },
    };
  }

  // What happens by itself.

  #tick(now: number): void {
    const patienceMs = 2 * this.#options.limits.tickIntervalMs;
    for (const connection of this.#registry.ready()) {
      if (now - connection.lastHeardMs > patienceMs) {
        connection.terminate(CLOSE_CODES.TickTimeout.code, CLOSE_CODES.TickTimeout.reason);
        continue;
      }
      connection.ping();
      if (connection.peer !== undefined) this.#presence.refresh(connection.peer);
    }
    this.#events.publish("tick", { ts: now });
    this.#memory.relieve();
    this.#options.pairing.flush().catch((error: unknown) => {
      this.logger.error({ err: error }, "the times of last use of device tokens could not be written");
    });
    this.#nodes.tick().catch((error: unknown) => {
      this.logger.error({ err: error }, "what is known of nodes could not be written");
    });
  }

  /** Questions that can't be read are no reason not to start: nothing is allowed then, and the owner is told. */
  async #openApprovals(): Promise<void> {
    try {
      await this.#approvals.open();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.logger.error(
        { err: error },
        "the approvals that waited can't be read; no approval works until that is mended",
      );
    }
  }

  #surfaceChanged({ nodeId }: NodeSurfaceMessage): void {
    this.#nodes.surfaceChanged(nodeId).catch((error: unknown) => {
      this.logger.error(
        { nodeId, err: error },
        "what was approved for a node can't be read; it may do what it could before",
      );
    });
  }

  /** Output of a command, to whoever asked for it. He misses pieces rather than the gateway running out of memory. */
  #sendOutput(connId: string, output: Parameters<NodeDeskOptions["sendOutput"]>[1]): void {
    const connection = this.#registry.byId(connId);
    if (connection === undefined || connection.bufferedBytes > COALESCE_ABOVE_BYTES) return;
    connection.sendTargeted("node.invoke.output", JSON.stringify(output));
  }

  #approversBeside(asker: Peer): number {
    let count = 0;
    for (const { peer } of this.#registry.ready())
      if (peer !== undefined && peer.connId !== asker.connId && mayApprove(peer)) count += 1;
    return count;
  }

  #closeDevice({ deviceId, role }: CloseDeviceMessage): void {
    for (const connection of this.#registry.ofDevice(deviceId, role)) {
      connection.close(CLOSE_CODES.CredentialsChanged.code, CLOSE_CODES.CredentialsChanged.reason);
    }
  }

  #problems(): readonly string[] {
    const problems = [...(this.#options.problems?.() ?? []), ...this.#conversation.problems];
    return this.#conversationProblem === undefined ? problems : [...problems, this.#conversationProblem];
  }

  #phaseNow(): GatewayPhase {
    const hasProblems = this.#problems().length > 0;
    return this.#phase === "ready" && hasProblems ? "degraded" : this.#phase;
  }

  #connectionCounts(): { operators: number; nodes: number } {
    let nodes = 0;
    for (const { peer } of this.#registry.ready()) if (peer?.role === "node") nodes += 1;
    return { operators: this.#registry.ready().size - nodes, nodes };
  }

  #metrics(): ReturnType<typeof gatewayMetrics> {
    return gatewayMetrics({
      version: this.#options.version,
      ready: this.#phase === "ready",
      uptimeMs: this.clock.now() - this.#startedAtMs,
      connections: this.#connectionCounts(),
      unfinishedHandshakes: this.#registry.waiting().size,
      handshakes: this.#frontDesk.counts,
      requests: this.#dispatcher.counts,
      requestsRunning: this.#dispatcher.running,
      eventsDelivered: this.#hub.delivered,
      heldBytes: this.#memory.heldBytes(),
      conversation: this.#conversation.sizes(),
    });
  }
}

/** A connection as nodes are asked over it. */
function nodeChannel(connection: Pick<Connection, "id" | "phase" | "sendTargeted">): NodeChannel {
  return {
    id: connection.id,
    get isReady() {
      return connection.phase === "ready";
    },
    sendTargeted: (event, payloadJson) => connection.sendTargeted(event, payloadJson),
  };
}
