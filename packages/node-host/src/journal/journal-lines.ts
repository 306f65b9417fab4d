import type { Outcome } from "../outcome.ts";
import type { Remembered } from "./invocation-journal.ts";

/** A line of the journal file. */
export type JournalLine =
  | {
      readonly is: "begun";
      readonly key: string;
      readonly digest: string;
      readonly command: string;
      readonly atMs: number;
    }
  | { readonly is: "ended"; readonly key: string; readonly outcome: Outcome | "not-kept" };

export function encodeLine(line: JournalLine): string {
  return `${JSON.stringify(line)}\n`;
}

/** A remembered invocation as the lines that say the same. */
export function linesOf({ key, digest, command, beganAtMs, outcome }: Remembered): string {
  const begun = encodeLine({ is: "begun", key, digest, command, atMs: beganAtMs });
  return outcome === "unknown" ? begun : begun + encodeLine({ is: "ended", key, outcome });
}

/** Reads a line; `undefined` when it is none: torn by a power cut, or not ours. */
export function decodeLine(text: string): JournalLine | undefined {
  try {
    const row: unknown = JSON.parse(text);
    if (!isRow(row) || typeof row["key"] !== "string") return undefined;
    const { is, key, digest, command, atMs, outcome } = row;
    if (is === "begun")
      return typeof digest === "string" && typeof command === "string" && typeof atMs === "number"
        ? { is, key, digest, command, atMs }
        : undefined;
    const known = is === "ended" ? readOutcome(outcome) : undefined;
    return known && { is: "ended", key, outcome: known };
  } catch {
    return undefined;
  }
}

function readOutcome(value: unknown): Outcome | "not-kept" | undefined {
  if (value === "not-kept") return value;
  if (!isRow(value)) return undefined;
  const { ok, payloadJSON, error } = value;
  if (ok === true) return typeof payloadJSON === "string" ? { ok, payloadJSON } : undefined;
  if (ok !== false || !isRow(error)) return undefined;
  const { code, message } = error;
  return typeof code === "string" && typeof message === "string" ? { ok, error: { code, message } } : undefined;
}

function isRow(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
