export { createModelsBackend } from "./models-backend.ts";
export type {
  After,
  ConfiguredModel,
  ModelCost,
  ModelProvider,
  ModelsOptions,
  ProviderApi,
} from "./models-options.ts";
export { MODEL_LIMITS } from "./models-options.ts";
export { withWellKnownProviders } from "./well-known-providers.ts";
