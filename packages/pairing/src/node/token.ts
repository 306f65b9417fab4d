import { digestsEqual, type SecretDigest } from "@saltgate/identity";
import type { PairedNode } from "./records.ts";

/** Whether a presented token is the node's. Pure, and it compares in constant time. A node without one has none to match. */
export function nodeTokenMatches(node: PairedNode | undefined, presented: SecretDigest): boolean {
  return node?.token !== undefined && node.removedAtMs === undefined && digestsEqual(node.token, presented);
}
