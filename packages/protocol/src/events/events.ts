import type * as z from "zod";
import type { EventDescription } from "../define.ts";
import { deviceEvents } from "./devices.ts";
import { systemEvents } from "./system.ts";

/** Every event of the protocol, by name. */
export const EVENTS = {
  ...systemEvents,
  ...deviceEvents,
} as const satisfies Record<string, EventDescription>;

type Events = typeof EVENTS;
/** Name of an event of the protocol. */
export type EventName = keyof Events;
/** Payload of an event. */
export type PayloadOf<E extends EventName> = z.output<ReturnType<Events[E]["payload"]>>;
/** Events that this gateway sends. */
export type ServedEventName = { [E in EventName]: Events[E]["status"] extends "served" ? E : never }[EventName];
