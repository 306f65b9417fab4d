/** One thing that is wrong with, or worth saying about, a configuration. */
export interface ConfigProblem {
  /** Dotted path of the key, e.g. `gateway.auth.token` or `gateway.trustedProxies[1]`; "" when it is the file as a whole. */
  readonly path: string;
  /** Line in the file, from 1; `undefined` when there is no such line. */
  readonly line: number | undefined;
  /** Names file, line and key, and what mends it. Never repeats a secret. */
  readonly message: string;
}

export const ConfigErrorCode = {
  /** The file, or a value in it, isn't a valid configuration; `problems` has the list. */
  Invalid: "invalid",
  /** The file can't be read or written. */
  Io: "io",
  /** A flag or an environment variable that has to do with configuration isn't valid. */
  Option: "option",
  /** The file isn't the one any more that a change was made for. */
  Changed: "changed",
  /** There is no file to change. */
  Missing: "missing",
  /** There is no such key. */
  UnknownKey: "unknown-key",
} as const;
export type ConfigErrorCode = (typeof ConfigErrorCode)[keyof typeof ConfigErrorCode];

/** A configuration that can't be used. The message is for people and complete; it never repeats a secret. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly code: ConfigErrorCode;
  readonly problems: readonly ConfigProblem[];

  constructor(
    code: ConfigErrorCode,
    message: string,
    options: { readonly problems?: readonly ConfigProblem[]; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.problems = options.problems ?? [];
  }
}
