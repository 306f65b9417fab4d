import type { Remembered } from "./journal/invocation-journal.ts";
import type { NodeError } from "./node-command-error.ts";
import type { Outcome } from "./outcome.ts";

/** What to do with an invocation, given what is known of its idempotency key. */
export type RepeatVerdict =
  | { readonly do: "run" }
  /** It runs already: wait for what comes of it. */
  | { readonly do: "join" }
  | { readonly do: "answer"; readonly outcome: Outcome };

/** Decides whether an invocation is a repeat. Pure. Source: docs/protocol.md, "Nodes". */
export function judgeRepeat(
  digest: string,
  running: { readonly digest: string } | undefined,
  remembered: Remembered | undefined,
): RepeatVerdict {
  const known = running ?? remembered;
  if (known === undefined) return { do: "run" };
  if (known.digest !== digest)
    return answer("INVALID_REQUEST", "IDEMPOTENCY_KEY_REUSED: this key was used for another invocation");
  if (running !== undefined) return { do: "join" };
  switch (remembered?.outcome) {
    case undefined:
    case "unknown":
      return answer(
        "UNAVAILABLE",
        "OUTCOME_UNKNOWN: it was begun, and the node ended before it did; it is not run again. Look on the node, then ask with a new key",
      );
    case "not-kept":
      return answer("UNAVAILABLE", "OUTCOME_NOT_KEPT: it ran to its end, and its answer was too large to keep");
    default:
      return { do: "answer", outcome: remembered?.outcome as Outcome };
  }
}

function answer(code: string, message: string): RepeatVerdict {
  const error: NodeError = { code, message };
  return { do: "answer", outcome: { ok: false, error } };
}
