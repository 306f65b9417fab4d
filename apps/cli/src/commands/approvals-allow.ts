import { answerQuestion } from "../approval-answer.ts";
import type { Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";

/** Allows what a question asks for. */
export function run(invocation: Invocation): Promise<Exit> {
  return answerQuestion(invocation, invocation.has("always") ? "allow-always" : "allow-once");
}
