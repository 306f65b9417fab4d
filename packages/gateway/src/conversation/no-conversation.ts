import { BackendError, type BackendPort } from "@saltgate/agent";
import type { ChatRules } from "./inbound-desk.ts";

/** Only the backend that is built in. */
export const noBackends: BackendPort = {
  for: ({ model, provider }) =>
    Promise.reject(new BackendError("unavailable", `No provider "${provider}" is configured for the model ${model}.`)),
  models: () => [],
};

/** The rules of an empty configuration. */
export const defaultChatRules: ChatRules = {
  owners: [],
  useAccessGroups: true,
  debounceMs: () => 0,
  mentionPatterns: () => undefined,
};
