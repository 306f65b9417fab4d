import { createHash } from "node:crypto";
import type { NodeCommand } from "./node-command.ts";
import type { NodeError } from "./node-command-error.ts";

/** An invocation, as the gateway asks for it. */
export interface InvokeRequest {
  readonly id: string;
  readonly nodeId: string;
  readonly command: string;
  /** `undefined` when it was no JSON. */
  readonly params: { readonly value: unknown } | undefined;
  readonly timeoutMs: number | undefined;
  readonly idempotencyKey: string | undefined;
  readonly wantsProgress: boolean;
}

type Row = Readonly<Record<string, unknown>>;

/**
 * Reads the payload of `node.invoke.request`; `undefined` when it names no id, so that nobody could be answered.
 * Gateways send the params as text (`paramsJSON`, null for none) or as an object (`params`).
 */
export function readInvokeRequest(payload: unknown): InvokeRequest | undefined {
  if (typeof payload !== "object" || payload === null) return undefined;
  const { id, nodeId, command, paramsJSON, params, timeoutMs, idempotencyKey, wantsProgress } = payload as Row;
  if (typeof id !== "string" || id === "" || id.length > 256) return undefined;
  return {
    id,
    nodeId: typeof nodeId === "string" ? nodeId : "",
    command: typeof command === "string" ? command.trim() : "",
    params: readParams(paramsJSON ?? undefined, params ?? undefined),
    timeoutMs: typeof timeoutMs === "number" && timeoutMs >= 0 ? Math.min(timeoutMs, MAX_TIMEOUT_MS) : undefined,
    idempotencyKey: typeof idempotencyKey === "string" && idempotencyKey !== "" ? idempotencyKey : undefined,
    wantsProgress: wantsProgress === true,
  };
}

/** Longest time that timers keep exactly. */
const MAX_TIMEOUT_MS = 2_147_483_647;

function readParams(text: unknown, params: unknown): InvokeRequest["params"] {
  if (text === undefined) return { value: params ?? {} };
  if (typeof text !== "string") return undefined;
  try {
    return { value: text.trim() === "" ? {} : (JSON.parse(text) ?? {}) };
  } catch {
    return undefined; // the parser's message would quote what somebody sent
  }
}

/** What to do with an invocation, before anybody asks whether it is a repeat. */
export type InvokeVerdict =
  | { readonly do: "refuse"; readonly error: NodeError }
  | { readonly do: "run"; readonly command: NodeCommand; readonly params: unknown; readonly digest: string };

/** Checks an invocation. Pure, but for what a command's own schema does. Source: docs/protocol.md, "Nodes". */
export function judgeInvocation(
  request: InvokeRequest,
  nodeId: string,
  commands: ReadonlyMap<string, NodeCommand>,
): InvokeVerdict {
  if (request.nodeId !== nodeId) return refuse("INVALID_REQUEST", "nodeId mismatch: this is another node");
  if (request.command === "") return refuse("INVALID_REQUEST", "command required");
  const command = commands.get(request.command);
  if (command === undefined) return refuse("UNAVAILABLE", "command not supported");
  if (request.params === undefined) return refuse("INVALID_REQUEST", `${command.name}: the params are no JSON`);
  const read = command.params?.().safeParse(request.params.value);
  if (read?.success === false) {
    const [issue] = read.error.issues;
    const where = issue === undefined || issue.path.length === 0 ? "" : `${issue.path.map(String).join(".")}: `;
    return refuse(
      "INVALID_REQUEST",
      `${command.name}: ${where}${issue?.message ?? "the params are not as they must be"}`,
    );
  }
  const params = read === undefined ? request.params.value : read.data;
  return { do: "run", command, params, digest: digestOf(command, params) };
}

function refuse(code: string, message: string): InvokeVerdict {
  return { do: "refuse", error: { code, message } };
}

/** SHA-256 over command and params, whatever the order of their keys. */
function digestOf(command: NodeCommand, params: unknown): string {
  const identity = command.identityOf === undefined ? params : command.identityOf(params);
  return createHash("sha256")
    .update(JSON.stringify([command.name, sorted(identity)]))
    .digest("hex");
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, entry]) => [key, sorted(entry)]));
}
