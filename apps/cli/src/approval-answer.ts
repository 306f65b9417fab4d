import type { ApprovalDecision, PendingApproval } from "@saltgate/protocol";
import { Exit } from "./command-error.ts";
import type { Invocation } from "./command-line.ts";
import { findOne, meansId } from "./find-one.ts";
import { openSession } from "./gateway-session.ts";
import { answer } from "./output/answer.ts";
import { printable } from "./output/printable.ts";
import { noteOnAlways } from "./output/question.ts";

/** The question that a person means: by its id, or the beginning of it (four characters or more). */
function findQuestion(waiting: readonly PendingApproval[], words: string): PendingApproval {
  return findOne(waiting, words, {
    isMeant: ({ id }, word) => meansId(word, id),
    idOf: ({ id }) => id,
    code: "APPROVAL_NOT_FOUND",
    several: "questions",
    none: (word) => `no question "${word}" waits; it may have expired or been answered`,
    empty: "Nothing waits: saltgate approvals list",
  });
}

/** Answers one question. */
export async function answerQuestion(invocation: Invocation, decision: ApprovalDecision): Promise<Exit> {
  await using session = await openSession(invocation);
  const waiting = await session.request("exec.approval.list", {});
  const question = findQuestion(waiting, invocation.positionals[0] ?? "");
  const { id, request } = question;
  await session.request("exec.approval.resolve", { id, decision });
  const note = decision === "allow-always" ? noteOnAlways(question) : undefined;
  const always = note === undefined ? "Allowed, from now on" : "Allowed";
  const said = { "allow-once": "Allowed, once", "allow-always": always, deny: "Denied" }[decision];
  answer(invocation, { id, decision }, () =>
    [`${said}: ${printable(request.command)}`, ...(note === undefined ? [] : [note])].join("\n"),
  );
  return Exit.Ok;
}
