import { loggable } from "../logging/logger.ts";

const MAX_OUTPUT_CHARS = 20_000;

/** What a node says about a command that it ran or refused, as a line for the session that it belongs to. */
export function execEventLine(
  event: "exec.started" | "exec.finished" | "exec.denied",
  nodeId: string,
  payload: unknown,
): string | undefined {
  if (typeof payload !== "object" || payload === null) return undefined;
  const { runId, command, exitCode, timedOut, output, reason } = payload as Record<string, unknown>;
  const run = `node=${nodeId}${typeof runId === "string" && runId !== "" ? ` id=${loggable(runId)}` : ""}`;
  const what = typeof command === "string" ? (loggable(command) ?? "") : "";
  switch (event) {
    case "exec.started":
      return `Exec started (${run}): ${what}`;
    case "exec.finished": {
      const end = timedOut === true ? "timeout" : `code ${typeof exitCode === "number" ? exitCode : "?"}`;
      const text = typeof output === "string" ? outputOf(output) : "";
      return `Exec finished (${run}, ${end})${text === "" ? "" : `\n${text}`}`;
    }
    case "exec.denied":
      return `Exec denied (${run}, ${typeof reason === "string" ? loggable(reason) : "no reason given"}): ${what}`;
  }
}

/** Output keeps its lines; what would forge a terminal's or a log's own is taken out (rule R-49). */
function outputOf(output: string): string {
  return output
    .slice(-MAX_OUTPUT_CHARS)
    .replace(/[^\P{Cc}\n\t]|\p{Cf}/gu, "·")
    .trimEnd();
}
