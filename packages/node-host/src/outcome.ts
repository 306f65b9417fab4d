import { NodeCommandError, type NodeError, nodeErrorOf } from "./node-command-error.ts";

/** What came of an invocation. */
export type Outcome =
  | { readonly ok: true; readonly payloadJSON: string }
  | { readonly ok: false; readonly error: NodeError };

/** What a command resolved with, as it travels. A value that JSON can't express is the command's mistake. */
export function outcomeOf(payload: unknown): Outcome {
  try {
    return { ok: true, payloadJSON: JSON.stringify(payload ?? {}) };
  } catch (cause) {
    return failed(new NodeCommandError("UNAVAILABLE", "the command's result can't be written as JSON", { cause }));
  }
}

export function failed(error: unknown): Outcome {
  return { ok: false, error: nodeErrorOf(error) };
}

/** Room that a frame needs besides the result, in bytes. */
const FRAME_MARGIN_BYTES = 4_096;

/**
 * The outcome, if it fits into a frame of the gateway, else the error that says how large it is and what would fit.
 * Nothing is cut silently.
 */
export function fitting(outcome: Outcome, maxPayloadBytes: number): Outcome {
  if (!outcome.ok) return outcome;
  const max = maxPayloadBytes - FRAME_MARGIN_BYTES;
  const { payloadJSON } = outcome;
  // Three bytes for each character is the most that JSON text takes as text inside JSON.
  if (payloadJSON.length * 3 <= max) return outcome;
  const bytes = Buffer.byteLength(JSON.stringify(payloadJSON));
  if (bytes <= max) return outcome;
  const message = `the command ran, and its result has ${bytes} bytes where the gateway accepts ${max}; ask for less`;
  return { ok: false, error: { code: "RESULT_TOO_LARGE", message } };
}
