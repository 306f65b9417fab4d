import { withoutEntry } from "@saltgate/exec-policy";
import { openApprovalsDesk } from "../approvals-desk.ts";
import { Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { answer } from "../output/answer.ts";

/** Takes it back that a program runs without asking. */
export async function run(invocation: Invocation): Promise<Exit> {
  const [pattern = ""] = invocation.positionals;
  const agent = invocation.value("agent") ?? "*";
  await using desk = await openApprovalsDesk(invocation);
  const { hash, file, exists } = await desk.read();
  const next = withoutEntry(file, agent, pattern);
  const snapshot = next === undefined ? undefined : await desk.set(next, exists ? hash : undefined);
  answer(invocation, { removed: snapshot !== undefined, ...(snapshot ?? (await desk.read())) }, () =>
    snapshot === undefined ? "Pattern not found." : `${pattern} doesn't run on ${desk.owner} without asking any more.`,
  );
  return Exit.Ok;
}
