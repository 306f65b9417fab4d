import { type AgentBackend, BackendError, type BackendPort, type ModelInfo } from "@saltgate/agent";
import type { Config } from "@saltgate/config";
import { given } from "../given.ts";
import { type ImportPackage, isMissing, MODELS_PACKAGE } from "./optional-packages.ts";

/** The package, as far as it is used here. */
interface ModelsPackage {
  createModelsBackend(options: {
    readonly providers: readonly unknown[];
    readonly firstByteTimeoutMs: number;
    readonly idleTimeoutMs: number;
  }): AgentBackend;
  withWellKnownProviders(
    providers: readonly unknown[],
    env: Readonly<Record<string, string | undefined>>,
  ): readonly unknown[];
}

/**
 * Model APIs as the configuration names them. What speaks to them is loaded at the first thought; which models there are is
 * known without it.
 */
export function modelBackends(
  { models }: Pick<Config, "models">,
  env: Readonly<Record<string, string | undefined>>,
  importPackage: ImportPackage,
): BackendPort & { close(): Promise<void> } {
  const providers = Object.entries(models.providers).map(([id, provider]) => ({ id, ...given(provider) }));
  const listed: readonly ModelInfo[] = Object.entries(models.providers).flatMap(([provider, { models: rows }]) =>
    rows.map(({ contextWindow, id, input, name, reasoning }) => ({
      provider,
      model: id,
      name: name ?? id,
      ...given({ contextWindow, reasoning }),
      images: input?.includes("image") === true,
    })),
  );
  let opening: Promise<AgentBackend> | undefined;
  const open = async (): Promise<AgentBackend> => {
    try {
      const { createModelsBackend, withWellKnownProviders } = (await importPackage(MODELS_PACKAGE)) as ModelsPackage;
      const { firstByteTimeoutMs, idleTimeoutMs, mode } = models;
      const all = mode === "merge" ? withWellKnownProviders(providers, env) : providers;
      return createModelsBackend({ providers: all, firstByteTimeoutMs, idleTimeoutMs });
    } catch (error) {
      opening = undefined;
      if (!isMissing(error)) throw error;
      throw new BackendError(
        "unavailable",
        `${MODELS_PACKAGE} is not installed, and models need it. Install it beside saltgate: npm install --global ${MODELS_PACKAGE}`,
        { cause: error },
      );
    }
  };
  return {
    models: () => listed,
    async for(model) {
      opening ??= open();
      const backend = await opening;
      if (backend.serves(model)) return backend;
      throw new BackendError(
        "unavailable",
        `Nothing is configured that serves ${model.provider}/${model.model}. Name its provider under models.providers; saltgate models lists what there is.`,
      );
    },
    async close() {
      await (await opening?.catch(() => undefined))?.close();
    },
  };
}
