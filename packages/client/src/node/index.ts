export type { FileTokenStoreOptions } from "./file-token-store.ts";
export { fileTokenStore } from "./file-token-store.ts";
