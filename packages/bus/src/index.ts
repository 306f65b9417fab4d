export type { Bus, BusHandler, BusListener, BusMessage, RequestOptions } from "./bus.ts";
export { BusError, BusErrorCode } from "./errors.ts";
export type { InProcessBusOptions } from "./in-process-bus.ts";
export { createInProcessBus } from "./in-process-bus.ts";
export { maxSubjectLength } from "./subject.ts";
