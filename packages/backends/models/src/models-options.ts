/** How a provider is spoken to. */
export type ProviderApi = "openai-completions" | "anthropic-messages";

/** US dollars for a million tokens. What is left out costs nothing. */
export interface ModelCost {
  readonly input?: number | undefined;
  readonly output?: number | undefined;
  readonly cacheRead?: number | undefined;
  readonly cacheWrite?: number | undefined;
}

/** A model as it is configured. */
export interface ConfiguredModel {
  /** As the provider calls it; may contain slashes. */
  readonly id: string;
  /** For people. @default the id */
  readonly name?: string | undefined;
  /** In tokens. */
  readonly contextWindow?: number | undefined;
  /** Whether it can be told how much to think. @default false */
  readonly reasoning?: boolean | undefined;
  /** What it takes; images for a model that takes none are left out, with a remark. @default text */
  readonly input?: readonly ("text" | "image")[] | undefined;
  readonly cost?: ModelCost | undefined;
  /** Most tokens of one answer. @default what the provider takes for it */
  readonly maxTokens?: number | undefined;
}

/** Where models are asked. */
export interface ModelProvider {
  /** Lower case, without a slash: the first word of `provider/model`. */
  readonly id: string;
  readonly api: ProviderApi;
  /** Up to and with the version, e.g. `http://127.0.0.1:11434/v1`. No query, no user name. */
  readonly baseUrl: string;
  /** A secret. Absent for servers that ask for none. */
  readonly apiKey?: string | undefined;
  /** Sent with every request; their values count as secrets. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Empty: every model that is asked for is the provider's to refuse. */
  readonly models: readonly ConfiguredModel[];
}

/** Runs `task` once after `delayMs`; the returned function cancels it. */
export type After = (delayMs: number, task: () => void) => () => void;

/** What the backend works with. */
export interface ModelsOptions {
  readonly providers: readonly ModelProvider[];
  /**
   * Longest silence before the first byte of an answer, in milliseconds. Node's own client gives up after 300,000.
   * @default 120_000
   */
  readonly firstByteTimeoutMs?: number | undefined;
  /** Longest silence within an answer, in milliseconds. @default 120_000 */
  readonly idleTimeoutMs?: number | undefined;
  /** Largest answer on the wire, in bytes. @default 33_554_432 */
  readonly maxAnswerBytes?: number | undefined;
  /** Milliseconds since the epoch. @default Date.now */
  readonly now?: (() => number) | undefined;
  /** Timers. @default the machine's own */
  readonly after?: After | undefined;
}

/** The bounds of {@link ModelsOptions} where nothing else is said. */
export const MODEL_LIMITS: Readonly<Record<"firstByteTimeoutMs" | "idleTimeoutMs" | "maxAnswerBytes", number>> = {
  firstByteTimeoutMs: 120_000,
  idleTimeoutMs: 120_000,
  maxAnswerBytes: 33_554_432,
};
