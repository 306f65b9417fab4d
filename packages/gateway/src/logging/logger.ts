/** What a log line may carry besides its message. Secrets are removed by the sink, but should not get here at all. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where the gateway tells what happens. A `pino` logger fits. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** Says nothing. For programs that embed the gateway and have their own voice. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

const MAX_LOGGED_CHARS = 300;

/**
 * Text that a peer chose, made fit for a log that people and programs read: without control and format
 * characters (which forge lines and colours), and cut (rule R-49).
 */
export function loggable(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const plain = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "·");
  return plain.length > MAX_LOGGED_CHARS ? `${plain.slice(0, MAX_LOGGED_CHARS)}…` : plain;
}
