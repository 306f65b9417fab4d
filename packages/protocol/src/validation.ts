import type * as z from "zod";

// The only sign of an absent key: zod keeps no input in its issues, so that an error holds nothing that a peer sent.
const ABSENT = /received undefined$/;

/** A JSON pointer (RFC 6901) to where an issue is; empty at the root. */
function pointerTo(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/**
 * Turns what zod found into one line in the words that clients of this protocol know:
 * `at /client/id: …; at /scopes/0: …`, or just the message at the root. Without repeats, in order, at most 2000
 * characters. Values that the peer sent are never quoted, because one of them may be a secret.
 */
export function describeIssues(error: z.core.$ZodError): string {
  const parts = error.issues.map((issue) => {
    const absent = issue.code === "invalid_type" && issue.path.length > 0 && ABSENT.test(issue.message);
    const pointer = pointerTo(absent ? issue.path.slice(0, -1) : issue.path);
    const text = absent ? `must have required property '${String(issue.path.at(-1))}'` : issue.message;
    return pointer === "" ? text : `at ${pointer}: ${text}`;
  });
  return [...new Set(parts)].join("; ").slice(0, 2_000);
}
