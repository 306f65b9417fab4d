import { CommandError, Exit, usageError } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { answer } from "../output/answer.ts";
import { printable } from "../output/printable.ts";
import { openSenderDesk } from "../sender-desk.ts";
import { accountName, senderScopeOf } from "../sender-scope.ts";

/** Lets somebody write to the bot, by the code that it told them. */
export async function run(invocation: Invocation): Promise<Exit> {
  const { account, code } = orderOf(invocation);
  if (invocation.has("notify")) {
    throw new CommandError("NOTIFY_UNAVAILABLE", "no channel is connected that could tell the sender", {
      mend: "Nothing was approved. Run it again without --notify, and tell them yourself.",
    });
  }
  await using desk = await openSenderDesk(invocation);
  const approved = await desk.senders.approve({ ...account, code });
  if (approved === undefined) {
    throw new CommandError(
      "UNKNOWN_PAIRING_CODE",
      `nobody waits on ${accountName(account)} with the code "${code.slice(0, 80)}"; a code works once, for an hour`,
      { mend: `Who waits: saltgate pairing list ${wordsOf(account)}` },
    );
  }
  answer(
    invocation,
    { ...account, id: approved.id },
    () => `Approved ${account.channel} sender ${printable(approved.id)}.`,
  );
  return Exit.Ok;
}

function orderOf(invocation: Invocation): { account: ReturnType<typeof senderScopeOf>; code: string } {
  const words = invocation.positionals;
  if (invocation.has("channel")) {
    if (words.length > 1) throw usageError("too many arguments: --channel names the channel", invocation.command);
    return { account: senderScopeOf(invocation, undefined), code: words[0] ?? "" };
  }
  if (words.length < 2) throw usageError("<channel> and <code> are both needed", invocation.command);
  return { account: senderScopeOf(invocation, words[0]), code: words[1] ?? "" };
}

function wordsOf({ channel, accountId }: ReturnType<typeof senderScopeOf>): string {
  return accountId === undefined ? channel : `${channel} --account ${accountId}`;
}
