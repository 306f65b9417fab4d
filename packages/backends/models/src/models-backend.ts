import { AsyncLocalStorage } from "node:async_hooks";
import {
  type AgentBackend,
  BackendError,
  type ModelInfo,
  type ModelRef,
  type ThinkRequest,
  type ThoughtEvent,
} from "@saltgate/agent";
import {
  type After,
  type ConfiguredModel,
  MODEL_LIMITS,
  type ModelProvider,
  type ModelsOptions,
} from "./models-options.ts";
import { promptOf, toolsOf } from "./prompt.ts";
import { backendErrorFrom } from "./sdk-failure.ts";
import { type SdkCall, type SdkModel, type SdkPart, sdkModel } from "./sdk-model.ts";
import { SilenceWatch } from "./silence-watch.ts";
import { Thought } from "./thought.ts";
import { watchedFetch } from "./watched-fetch.ts";

const machineTimers: After = (delayMs, task) => {
  const timer = setTimeout(task, delayMs);
  return () => clearTimeout(timer);
};

/**
 * A backend that thinks with model APIs. It asks once: no retry, no other model, no tool is run. What goes wrong is a
 * `BackendError` whose kind says what a caller may do.
 * @throws {TypeError} for providers that can't be: two of one id, an id with a slash, an address that isn't http(s)
 */
export function createModelsBackend(options: ModelsOptions): AgentBackend {
  return new ModelsBackend(options);
}

/** Models that are kept made. */
const maxSdkModels = 64;

class ModelsBackend implements AgentBackend {
  readonly id = "models";
  readonly #options: ModelsOptions;
  readonly #providers: ReadonlyMap<string, ModelProvider>;
  readonly #closed = new AbortController();
  /** Made once each: the SDK builds a whole schema of its answers for every one. */
  readonly #sdkModels = new Map<string, Promise<SdkModel>>();
  /** The `fetch` of the request that is under way, which counts what comes for it. */
  readonly #fetching = new AsyncLocalStorage<typeof globalThis.fetch>();

  constructor(options: ModelsOptions) {
    for (const provider of options.providers) requireSound(provider);
    this.#providers = new Map(options.providers.map((provider) => [provider.id, provider]));
    if (this.#providers.size < options.providers.length) throw new TypeError("two model providers have the same id");
    this.#options = options;
  }

  models(): readonly ModelInfo[] {
    return this.#options.providers.flatMap(({ id: provider, models }) =>
      models.map(({ id, name, contextWindow, reasoning, input }) => ({
        provider,
        model: id,
        name: name ?? id,
        ...(contextWindow !== undefined && { contextWindow }),
        ...(reasoning !== undefined && { reasoning }),
        images: input?.includes("image") ?? false,
      })),
    );
  }

  serves({ provider, model }: ModelRef): boolean {
    const models = this.#providers.get(provider)?.models;
    return models !== undefined && (models.length === 0 || models.some(({ id }) => id === model));
  }

  async *think(request: ThinkRequest, signal: AbortSignal): AsyncGenerator<ThoughtEvent> {
    const { provider: providerId, model: modelId } = request.model;
    const name = `${providerId}/${modelId}`;
    const provider = this.#providers.get(providerId);
    if (provider === undefined || !this.serves(request.model))
      throw new BackendError("unavailable", `There is no model ${name}. Add it at models.providers.${providerId}.`);
    const model = provider.models.find(({ id }) => id === modelId) ?? { id: modelId };
    const stop = AbortSignal.any([signal, this.#closed.signal]);
    stop.throwIfAborted();
    const ended = new AbortController();
    const { after = machineTimers, now = Date.now } = this.#options;
    const watch = new SilenceWatch(this.#limits(), after, () => ended.abort());
    const thought = new Thought({
      name,
      cost: model.cost,
      mayBeEmpty: request.messages.at(-1)?.role === "toolResult",
    });
    try {
      for await (const part of this.#parts(request, provider, model, watch, AbortSignal.any([stop, ended.signal])))
        yield* thought.take(part);
      yield* thought.end();
    } catch (error) {
      stop.throwIfAborted();
      if (watch.silentMs !== undefined) throw silenceOf(watch, name);
      throw backendErrorFrom(error, provider, modelId, now());
    } finally {
      ended.abort();
    }
  }

  async close(): Promise<void> {
    this.#closed.abort(new BackendError("unavailable", "The models were closed."));
  }

  async *#parts(
    request: ThinkRequest,
    provider: ModelProvider,
    model: ConfiguredModel,
    watch: SilenceWatch,
    signal: AbortSignal,
  ): AsyncGenerator<SdkPart> {
    const { maxAnswerBytes } = this.#limits();
    const fetch = watchedFetch({ heard: () => watch.heard(), maxAnswerBytes });
    const sdk = await this.#sdkModel(provider, model.id);
    const asking = this.#fetching.run(fetch, () => sdk.doStream(callOf(request, provider, model, signal)));
    const { stream } = await watch.during(untilAborted(signal, asking));
    const reader = stream.getReader();
    try {
      for (;;) {
        const { done, value } = await watch.during(untilAborted(signal, reader.read()));
        if (done) return;
        yield value;
      }
    } finally {
      // Nobody waits for the goodbye of a connection that is given up.
      reader.cancel().catch(() => {});
    }
  }

  async #sdkModel(provider: ModelProvider, model: string): Promise<SdkModel> {
    const name = `${provider.id}/${model}`;
    const known = this.#sdkModels.get(name);
    if (known !== undefined) return known;
    const made = sdkModel(provider, model, (input, init) => {
      const fetch = this.#fetching.getStore();
      return fetch === undefined ? Promise.reject(new Error("nobody asked")) : fetch(input, init);
    });
    // A provider that names no models takes any name.
    if (this.#sdkModels.size >= maxSdkModels) this.#sdkModels.clear();
    this.#sdkModels.set(name, made);
    made.catch(() => this.#sdkModels.delete(name));
    return made;
  }

  #limits() {
    const { firstByteTimeoutMs, idleTimeoutMs, maxAnswerBytes } = this.#options;
    return {
      firstByteTimeoutMs: firstByteTimeoutMs ?? MODEL_LIMITS.firstByteTimeoutMs,
      idleTimeoutMs: idleTimeoutMs ?? MODEL_LIMITS.idleTimeoutMs,
      maxAnswerBytes: maxAnswerBytes ?? MODEL_LIMITS.maxAnswerBytes,
    };
  }
}

function requireSound({ id, baseUrl }: ModelProvider): void {
  if (!/^[a-z0-9][a-z0-9._-]*$/.test(id)) throw new TypeError(`"${id}" can't be the id of a model provider`);
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  const isPlain = url?.username === "" && url.password === "" && url.search === "" && url.hash === "";
  if (!isPlain || (url.protocol !== "http:" && url.protocol !== "https:"))
    throw new TypeError(`the address of the model provider ${id} must be http(s), without a user name, ? and #`);
}

function callOf(
  request: ThinkRequest,
  { api }: ModelProvider,
  model: ConfiguredModel,
  abortSignal: AbortSignal,
): SdkCall {
  const reasoning = model.reasoning === true ? reasoningFor(request.thinking, api) : undefined;
  const tools = toolsOf(request.tools);
  return {
    prompt: promptOf(request, { api, model }),
    abortSignal,
    ...(tools !== undefined && tools.length > 0 && { tools }),
    ...(model.maxTokens !== undefined && { maxOutputTokens: model.maxTokens }),
    ...(reasoning !== undefined && { reasoning }),
  };
}

/** How much to think, in words that servers of the kind understand: many know only three of them. */
function reasoningFor(thinking: ThinkRequest["thinking"], api: ModelProvider["api"]): SdkCall["reasoning"] {
  if (api === "anthropic-messages") return thinking === "off" ? "none" : thinking;
  if (thinking === "off") return undefined;
  return thinking === "minimal" ? "low" : thinking === "xhigh" ? "high" : thinking;
}

function silenceOf({ heardAnything, silentMs = 0 }: SilenceWatch, name: string): BackendError {
  const seconds = Math.round(silentMs / 1_000);
  return new BackendError(
    "timeout",
    heardAnything
      ? `${name} fell silent in the middle of its answer, for ${seconds} s.`
      : `${name} did not begin to answer within ${seconds} s.`,
  );
}

/** Waits no longer than the signal lets it, whatever the other side does about it. */
async function untilAborted<T>(signal: AbortSignal, promise: PromiseLike<T>): Promise<T> {
  signal.throwIfAborted();
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
