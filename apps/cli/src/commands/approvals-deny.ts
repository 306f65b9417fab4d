import { answerQuestion } from "../approval-answer.ts";
import type { Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";

/** Denies it. */
export function run(invocation: Invocation): Promise<Exit> {
  return answerQuestion(invocation, "deny");
}
