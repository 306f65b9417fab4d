import type { ParamsOf, ResultOf } from "@saltgate/protocol";
import { CommandError } from "./command-error.ts";
import type { GatewaySession } from "./gateway-session.ts";
import { saidSoFar } from "./output/message-text.ts";
import { repeatWhenCut } from "./repeat-when-cut.ts";

/** How long one question whether a run has ended waits for its answer, in milliseconds. */
const WAIT_MS = 20_000;
/** What the way there and back may take besides, in milliseconds. */
const WAY_MS = 10_000;

/** How a task ended well: what was said, or that somebody stopped it. */
export interface TaskEnding {
  readonly runId: string;
  readonly text: string;
  readonly media: readonly string[];
  readonly aborted: boolean;
  readonly durationMs: number | undefined;
}

/**
 * Gives an agent a task and waits for its end, through losses of the connection and restarts of the gateway: the task has
 * its key, so that it is done once however often it is asked for.
 * @param said hears everything that has been said so far, each time there is more
 * @throws {CommandError} why it can't be done, or how it failed
 */
export async function doTask(
  session: GatewaySession,
  task: ParamsOf<"agent">,
  said: (text: string) => void,
): Promise<TaskEnding> {
  const runId = task.idempotencyKey;
  let text = "";
  const stop = session.on("chat", (step) => {
    if (step.runId !== runId || step.state !== "delta") return;
    text = saidSoFar(text, step);
    said(text);
  });
  try {
    for (;;) {
      const answer = await repeatWhenCut(session, () => session.request("agent", task));
      if (answer.status !== "accepted") return endingOf(answer);
      await repeatWhenCut(session, () =>
        session.request("agent.wait", { runId, timeoutMs: WAIT_MS }, { timeoutMs: WAIT_MS + WAY_MS }),
      );
    }
  } finally {
    stop();
  }
}

function endingOf({ result, runId, status, summary }: ResultOf<"agent">): TaskEnding {
  if (status === "error") throw new CommandError("RUN_FAILED", summary ?? "the run failed");
  const payloads = result?.payloads ?? [];
  const durationMs = result?.meta?.["durationMs"];
  return {
    runId,
    text: payloads.flatMap(({ text }) => (text === undefined ? [] : [text])).join("\n\n"),
    media: payloads.flatMap(({ mediaUrl, mediaUrls = [] }) =>
      mediaUrl === undefined ? mediaUrls : [mediaUrl, ...mediaUrls],
    ),
    aborted: result?.meta?.["aborted"] === true,
    durationMs: typeof durationMs === "number" ? durationMs : undefined,
  };
}
