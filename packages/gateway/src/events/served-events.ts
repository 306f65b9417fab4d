import { EVENTS, type EventName } from "@saltgate/protocol";

/** Names of the events that this gateway sends, in the order in which they are described. */
export const SERVED_EVENTS: readonly EventName[] = (Object.keys(EVENTS) as EventName[]).filter(
  (name) => EVENTS[name].status === "served",
);
