import type { ApprovalDecision, PendingApproval } from "@saltgate/protocol";
import { CommandError, Exit } from "./command-error.ts";
import type { Invocation } from "./command-line.ts";
import { openSession } from "./gateway-session.ts";
import { answer } from "./output/answer.ts";
import { printable } from "./output/printable.ts";
import { noteOnAlways } from "./output/question.ts";

/** The question that a person means: by its id, or the beginning of it (four characters or more). */
function findQuestion(waiting: readonly PendingApproval[], words: string): PendingApproval {
  const wanted = words.trim();
  const found = waiting.filter(({ id }) => id === wanted || (wanted.length >= 4 && id.startsWith(wanted)));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  throw new CommandError(
    "APPROVAL_NOT_FOUND",
    found.length > 1
      ? `"${wanted.slice(0, 80)}" could be several questions`
      : `no question "${wanted.slice(0, 80)}" waits; it may have expired or been answered`,
    {
      mend:
        waiting.length === 0
          ? "Nothing waits: saltgate approvals list"
          : `Waiting: ${waiting.map(({ id }) => id).join(", ")}`,
    },
  );
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
