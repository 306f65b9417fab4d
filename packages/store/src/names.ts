import { StoreError, StoreErrorCode } from "./errors.ts";

// No dot: a name can't leave its folder, hide itself, or collide with the temporary and lock files beside it.
const grammar = /^[A-Za-z0-9_-]{1,100}(\/[A-Za-z0-9_-]{1,100}){0,4}$/;

/**
 * Checks the name of a document, table or log: up to five segments of letters, digits, `_` and `-`, joined by `/`.
 * @throws {StoreError} `invalid`.
 */
export function requireName(name: string): string {
  if (grammar.test(name)) return name;
  throw new StoreError(
    StoreErrorCode.Invalid,
    `"${name.slice(0, 120)}" can't be the name of stored state: use letters, digits, "_" and "-", with "/" between folders.`,
  );
}
