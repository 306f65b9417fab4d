/** How much a line matters. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Where a node tells what happens. Neither params nor output nor secrets are ever among the fields. */
export type NodeLog = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void;

/** Says nothing. */
export const silentLog: NodeLog = () => {};
