import type * as z from "zod";
import type { EventDescription } from "../define.ts";
import { agentEvents } from "./agent.ts";
import { approvalEvents } from "./approvals.ts";
import { cronEvents } from "./cron.ts";
import { deviceEvents } from "./devices.ts";
import { nodeEvents } from "./nodes.ts";
import { sessionEvents } from "./sessions.ts";
import { systemEvents } from "./system.ts";
import { voiceEvents } from "./voice.ts";

/** Every event of the protocol, by name. */
export const EVENTS = {
  ...systemEvents,
  ...agentEvents,
  ...sessionEvents,
  ...nodeEvents,
  ...deviceEvents,
  ...approvalEvents,
  ...cronEvents,
  ...voiceEvents,
} as const satisfies Record<string, EventDescription>;

/** Events that belong together, as the reference page shows them. */
export interface EventFamily {
  readonly title: string;
  readonly events: Readonly<Record<string, EventDescription>>;
}

/** Every family, in the order of the reference page. Each event is in exactly one. */
export const EVENT_FAMILIES: readonly EventFamily[] = [
  { title: "The gateway", events: systemEvents },
  { title: "Agents and chat", events: agentEvents },
  { title: "Sessions", events: sessionEvents },
  { title: "Nodes", events: nodeEvents },
  { title: "Devices", events: deviceEvents },
  { title: "Exec approvals", events: approvalEvents },
  { title: "Jobs", events: cronEvents },
  { title: "Voice", events: voiceEvents },
];

type Events = typeof EVENTS;
/** Name of an event of the protocol. */
export type EventName = keyof Events;
/** Payload of an event. */
export type PayloadOf<E extends EventName> = z.output<ReturnType<Events[E]["payload"]>>;
/** Events that this gateway sends. */
export type ServedEventName = { [E in EventName]: Events[E]["status"] extends "served" ? E : never }[EventName];
