import { type CheckedParamsOf, isTooDeep, type ResultOf } from "@saltgate/protocol";
import { RequestError } from "../dispatch/outcome.ts";

/** What a node answered, in one shape: older nodes say it in several ways. */
export type NodeAnswer =
  | { readonly ok: true; readonly payload: unknown; readonly payloadJSON: string | null }
  | { readonly ok: false; readonly error: { readonly code?: string; readonly message?: string } | null };

/** Brings an answer into one shape: null means absent, JSON text that is none is told as it is, and so on. */
export function answerOf(params: CheckedParamsOf<"node.invoke.result">): NodeAnswer {
  if (!params.ok) return { ok: false, error: errorOf(params.error) };
  const json = typeof params.payloadJSON === "string" ? params.payloadJSON : undefined;
  if (json === undefined || json === "") {
    const payload = params.payload ?? (json === undefined ? (params.payloadJSON ?? null) : null);
    return { ok: true, payload, payloadJSON: null };
  }
  return { ok: true, payload: readAnswer(json), payloadJSON: json };
}

/** What a node's JSON text says; one that is none, or that nobody could write again, stays the text that it is. */
function readAnswer(json: string): unknown {
  try {
    const value: unknown = JSON.parse(json);
    if (!isTooDeep(value)) return value;
  } catch {
    // Told as it is.
  }
  return { payloadJSON: json };
}

function errorOf(
  error: CheckedParamsOf<"node.invoke.result">["error"],
): { readonly code?: string; readonly message?: string } | null {
  if (error == null) return null;
  return {
    ...(typeof error.code === "string" && error.code !== "" && { code: error.code }),
    ...(typeof error.message === "string" && error.message !== "" && { message: error.message }),
  };
}

/** The answer as the caller of `node.invoke` gets it. @throws {RequestError} when the node said no */
export function resultOf(nodeId: string, command: string, answer: NodeAnswer): ResultOf<"node.invoke"> {
  if (answer.ok) return { ok: true, nodeId, command, payload: answer.payload, payloadJSON: answer.payloadJSON };
  const isTooLarge = answer.error?.code === "RESULT_TOO_LARGE";
  throw new RequestError(
    isTooLarge ? "RESULT_TOO_LARGE" : "NODE_FAILED",
    answer.error?.message ?? "node invoke failed",
    { details: { nodeError: answer.error } },
  );
}
