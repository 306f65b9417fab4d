import type * as z from "zod";

/**
 * Turns what zod found into one line in the words that clients of this protocol know:
 * `at /client/id: …; at /scopes/0: …`, or just the message at the root. Without repeats, in order.
 * Values that the peer sent are never quoted, because one of them may be a secret.
 */
export function describeIssues(error: z.core.$ZodError): string {
  const parts = error.issues.map((issue) => {
    const pointer = issue.path.map((key) => `/${String(key)}`).join("");
    if (issue.code === "invalid_type" && issue.path.length > 0 && issue.input === undefined) {
      const parent = issue.path
        .slice(0, -1)
        .map((key) => `/${String(key)}`)
        .join("");
      const text = `must have required property '${String(issue.path.at(-1))}'`;
      return parent === "" ? text : `at ${parent}: ${text}`;
    }
    return pointer === "" ? issue.message : `at ${pointer}: ${issue.message}`;
  });
  return [...new Set(parts)].join("; ").slice(0, 2_000);
}
