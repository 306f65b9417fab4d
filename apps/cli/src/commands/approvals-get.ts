import { openApprovalsDesk } from "../approvals-desk.ts";
import { Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { answer } from "../output/answer.ts";
import { approvalsText } from "../output/approvals-file.ts";

/** What may run on a machine. */
export async function run(invocation: Invocation): Promise<Exit> {
  await using desk = await openApprovalsDesk(invocation);
  const snapshot = await desk.read();
  answer(invocation, snapshot, () => approvalsText(desk.owner, snapshot, Date.now()));
  return Exit.Ok;
}
