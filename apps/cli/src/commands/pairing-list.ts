import { senderIdLabel } from "@saltgate/pairing";
import { Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { answer } from "../output/answer.ts";
import { printable } from "../output/printable.ts";
import { table } from "../output/table.ts";
import { openSenderDesk } from "../sender-desk.ts";
import { accountName, senderScopeOf } from "../sender-scope.ts";

/** People who have written to the bot and wait for approval. */
export async function run(invocation: Invocation): Promise<Exit> {
  const account = senderScopeOf(invocation, invocation.positionals[0]);
  await using desk = await openSenderDesk(invocation);
  const requests = await desk.senders.list(account);
  answer(invocation, { ...account, requests }, () => {
    if (requests.length === 0) return `No pending pairing requests for ${printable(accountName(account))}.`;
    const rows = requests.map(({ code, id, meta, createdAt }) => [
      code,
      id,
      meta === undefined ? "" : JSON.stringify(meta),
      createdAt,
    ]);
    return table(["Code", senderIdLabel(account.channel), "Meta", "Requested"], rows);
  });
  return Exit.Ok;
}
