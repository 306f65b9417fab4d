import type { Bus } from "@saltgate/bus";
import {
  CODECS,
  EVENTS,
  type EventDescription,
  type PayloadOf,
  type ProtocolVersion,
  type ServedEventName,
  type StateVersion,
  scopeSatisfies,
} from "@saltgate/protocol";
import type { Clock } from "../clock.ts";
import type { Connection } from "../connection/connection.ts";
import type { ClientCapability, Peer } from "../connection/peer.ts";
import type { ConnectionRegistry } from "../connection/registry.ts";

/** What travels over the bus for an event to everybody who may see it. */
interface EventMessage {
  readonly event: ServedEventName;
  readonly payload: unknown;
  readonly stateVersion?: StateVersion;
  readonly askedForBy?: ClientCapability;
}

/** What goes with an event. */
export interface PublishOptions {
  readonly stateVersion?: StateVersion;
  /** Only those get it who declared this. */
  readonly askedForBy?: ClientCapability;
}

const SUBJECT = "gateway.event";
/** How soon a reader that was slow is looked at again, in milliseconds. */
const CATCH_UP_MS = 250;

/** Publishes events. Who gets one is in its description. */
export interface EventPublisher {
  publish<E extends ServedEventName>(event: E, payload: PayloadOf<E>, options?: PublishOptions): void;
}

/** Puts events on the bus. */
export function createEventPublisher(bus: Bus): EventPublisher {
  return {
    publish: (event, payload, options) =>
      bus.publish(`${SUBJECT}.${event}`, { event, payload, ...options } satisfies EventMessage),
  };
}

/** Whether a peer may see an event. An event without a rule for him is not sent (rule R-20). */
export function mayReceive(description: EventDescription, peer: Peer): boolean {
  if (description.since > peer.version) return false;
  switch (description.audience) {
    case "everyone":
      return true;
    case "operators":
      return (
        peer.role === "operator" && (description.scope === undefined || scopeSatisfies(peer.scopes, description.scope))
      );
    case "target":
      return false;
  }
}

/** How a delivery treats readers that are too slow. */
export interface DeliveryRules {
  /** Above this many waiting bytes a reader is slow: it misses what may be dropped, and is ended by what may not. */
  readonly maxBufferedBytes: number;
  /** Above this many waiting bytes a reader misses what the next event of the same kind replaces. */
  readonly coalesceAboveBytes: number;
}

/**
 * Takes events from the bus to this process's connections: serialises each payload once per revision, filters by
 * scope, numbers per connection without gaps, and never lets a slow reader hold up the others. What a slow reader
 * misses takes no number, because the next event of its kind replaces it; once he has caught up he gets the newest.
 */
export class EventHub {
  readonly #registry: ConnectionRegistry;
  readonly #rules: DeliveryRules;
  readonly #clock: Clock;
  #catchUpDue = false;
  /** The newest state event of each kind that a reader missed. */
  readonly #missed = new Map<Connection, Map<string, EventMessage>>();
  readonly #stop: () => void;
  #delivered = 0;

  constructor(bus: Bus, registry: ConnectionRegistry, rules: DeliveryRules, clock: Clock) {
    this.#registry = registry;
    this.#clock = clock;
    this.#rules = rules;
    this.#stop = bus.subscribe(`${SUBJECT}.>`, (message) => this.#deliver(message as EventMessage));
  }

  /** How many events were sent to connections so far. */
  get delivered(): number {
    return this.#delivered;
  }

  #deliver(message: EventMessage): void {
    const description: EventDescription = EVENTS[message.event];
    const json = serializer(message);
    for (const connection of this.#registry.ready()) {
      const { peer } = connection;
      if (peer === undefined || !mayReceive(description, peer)) continue;
      if (message.askedForBy !== undefined && !peer.asksFor.includes(message.askedForBy)) continue;
      this.#sendTo(connection, message, description, json(peer.version));
    }
  }

  #sendTo(connection: Connection, message: EventMessage, description: EventDescription, json: string): void {
    const waiting = connection.bufferedBytes;
    if (waiting > this.#rules.coalesceAboveBytes) {
      if (description.droppable) {
        if (description.stateful) this.#remember(connection, message);
        return;
      }
      if (waiting > this.#rules.maxBufferedBytes) {
        this.#missed.delete(connection);
        connection.closeSlow();
        return;
      }
    }
    this.#missed.get(connection)?.delete(message.event);
    this.#delivered += 1;
    connection.sendEvent(message.event, json, message.stateVersion);
  }

  #remember(connection: Connection, message: EventMessage): void {
    const missed = this.#missed.get(connection) ?? new Map<string, EventMessage>();
    missed.set(message.event, message);
    this.#missed.set(connection, missed);
    this.#scheduleCatchUp();
  }

  #scheduleCatchUp(): void {
    if (this.#catchUpDue) return;
    this.#catchUpDue = true;
    this.#clock.after(CATCH_UP_MS, () => {
      this.#catchUpDue = false;
      this.#catchUp();
      if (this.#missed.size > 0) this.#scheduleCatchUp();
    });
  }

  /** Sends what readers missed while they were slow, to those that have caught up. */
  #catchUp(): void {
    for (const [connection, missed] of this.#missed) {
      if (connection.phase !== "ready" || connection.peer === undefined) this.#missed.delete(connection);
      else if (connection.bufferedBytes <= this.#rules.coalesceAboveBytes) {
        this.#missed.delete(connection);
        for (const message of missed.values()) {
          this.#sendTo(connection, message, EVENTS[message.event], serializer(message)(connection.peer.version));
        }
      }
    }
  }

  /** Stops listening to the bus. */
  close(): void {
    this.#stop();
    this.#missed.clear();
  }
}

/** The JSON of an event's payload for each revision, made when first needed and shared where the codecs agree. */
function serializer(message: EventMessage): (version: ProtocolVersion) => string {
  const byPayload = new Map<unknown, string>();
  const byVersion = new Map<ProtocolVersion, string>();
  return (version) => {
    const known = byVersion.get(version);
    if (known !== undefined) return known;
    const payload = CODECS[version].event(message.event, message.payload as PayloadOf<ServedEventName>);
    const json = byPayload.get(payload) ?? JSON.stringify(payload);
    byPayload.set(payload, json);
    byVersion.set(version, json);
    return json;
  };
}
