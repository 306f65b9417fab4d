import type { Sha256 } from "@saltgate/identity";
import type { DocumentShape } from "@saltgate/store";
import { claimsIn } from "../node-claims.ts";
import { digestOf, objectOf, type Row, rowsOf, textOf, textsOf, timeOf } from "../row-reading.ts";
import type { NodeExtension, PairedNode, PairedNodes, PendingNode, PendingNodes } from "./records.ts";

/** The shapes of `nodes/pending` and `nodes/paired`, to open the two documents of a store with. */
export interface NodeDocumentShapes {
  readonly pending: DocumentShape<PendingNodes>;
  readonly paired: DocumentShape<PairedNodes>;
}

/**
 * Reads both files as this and older gateways write them: plain tokens become digests (never the reverse), keys that we
 * don't know are kept. Anything else is refused as a whole (rule R-57).
 */
export function nodeDocumentShapes(sha256: Sha256): NodeDocumentShapes {
  return {
    pending: { parse: (json) => rowsOf(json, "requestId", (row) => pendingRow(row, sha256)), empty: () => ({}) },
    paired: { parse: (json) => rowsOf(json, "nodeId", (row) => pairedRow(row, sha256)), empty: () => ({}) },
  };
}

const metadataKeys = [
  "displayName",
  "platform",
  "version",
  "coreVersion",
  "uiVersion",
  "deviceFamily",
  "modelIdentifier",
  "remoteIp",
] as const;

function pendingRow(row: Row, sha256: Sha256): PendingNode {
  const approval = row["approval"] === undefined ? undefined : objectOf(row["approval"], "approval");
  return {
    ...row,
    ...aboutOf(row),
    ...timesOf(row, ["rejectedAtMs"]),
    requestId: textOf(row, "requestId"),
    nodeId: textOf(row, "nodeId"),
    silent: row["silent"] === true,
    isRepair: row["isRepair"] === true,
    ts: timeOf(row, "ts"),
    ...(row["added"] !== undefined && { added: extensionOf(objectOf(row["added"], "added")) }),
    ...(row["pinned"] !== undefined && { pinned: objectOf(row["pinned"], "pinned") }),
    ...(approval && { approval: { ...approval, ...tokenOf(approval, sha256), atMs: timeOf(approval, "atMs") } }),
  };
}

function pairedRow(row: Row, sha256: Sha256): PairedNode {
  return {
    ...row,
    ...aboutOf(row),
    ...tokenOf(row, sha256),
    ...timesOf(row, ["lastConnectedAtMs", "removedAtMs"]),
    nodeId: textOf(row, "nodeId"),
    createdAtMs: timeOf(row, "createdAtMs"),
    approvedAtMs: timeOf(row, "approvedAtMs"),
  };
}

/** What stands in a row about its node. A platform that is no text must not pass for one that was never approved. */
function aboutOf(row: Row): object {
  for (const key of metadataKeys) {
    if (row[key] !== undefined && typeof row[key] !== "string") throw new TypeError(`Expected "${key}" to be a text.`);
  }
  return claimsIn(row);
}

function extensionOf(row: Row): NodeExtension {
  return { caps: textsOf(row, "caps"), commands: textsOf(row, "commands") };
}

function tokenOf(row: Row, sha256: Sha256): Pick<PairedNode, "token"> {
  return row["token"] === undefined ? {} : { token: digestOf(textOf(row, "token"), sha256) };
}

function timesOf(row: Row, keys: readonly string[]): object {
  return Object.fromEntries(keys.filter((key) => row[key] !== undefined).map((key) => [key, timeOf(row, key)]));
}
