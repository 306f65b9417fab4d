import { noteOnPattern, problemOfPattern, withEntry } from "@saltgate/exec-policy";
import { openApprovalsDesk } from "../approvals-desk.ts";
import { CommandError, Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { answer } from "../output/answer.ts";

/** Lets a program run without asking. */
export async function run(invocation: Invocation): Promise<Exit> {
  const [pattern = ""] = invocation.positionals;
  const agent = invocation.value("agent") ?? "*";
  const problem = problemOfPattern(pattern);
  if (problem !== undefined)
    throw new CommandError("INVALID_PATTERN", `this pattern can't be allowed: ${problem}`, {
      mend: "Name the program by its whole path, e.g. /usr/bin/uptime",
      exit: Exit.Usage,
    });
  await using desk = await openApprovalsDesk(invocation);
  const { exists, hash, file } = await desk.read();
  const next = withEntry(file, agent, { pattern });
  const snapshot = next === undefined ? undefined : await desk.set(next, exists ? hash : undefined);
  const note = noteOnPattern(pattern);
  const whom = agent === "*" ? "" : `, for the agent ${agent}`;
  answer(invocation, { added: snapshot !== undefined, ...(snapshot ?? (await desk.read())) }, () =>
    snapshot === undefined
      ? "Already allowlisted."
      : note === undefined
        ? `${pattern} runs on ${desk.owner} without asking${whom}.`
        : `${pattern} is on the list of ${desk.owner}${whom}: ${note}.`,
  );
  return Exit.Ok;
}
