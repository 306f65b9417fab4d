import { Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { openSession } from "../gateway-session.ts";
import { nodeNames } from "../node-desk.ts";
import { answer } from "../output/answer.ts";
import { questionText } from "../output/question.ts";

/** Questions that wait for an answer. */
export async function run(invocation: Invocation): Promise<Exit> {
  await using session = await openSession(invocation);
  const waiting = await session.request("exec.approval.list", {});
  const names = await nodeNames(session);
  answer(invocation, waiting, () =>
    waiting.length === 0
      ? "No question waits."
      : waiting.map((approval) => questionText(approval, Date.now(), names)).join("\n\n"),
  );
  return Exit.Ok;
}
