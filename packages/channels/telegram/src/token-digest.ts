import { createHash } from "node:crypto";

/** SHA-256 of a text, in hex: names a secret without giving it away. */
export function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
