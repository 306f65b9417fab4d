import { type NoticeOutcome, tellApproved } from "../approval-notice.ts";
import { CommandError, Exit, usageError } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { statePathsOf } from "../local-state.ts";
import { answer } from "../output/answer.ts";
import { printable } from "../output/printable.ts";
import { ownConfigOf } from "../own-config.ts";
import { nameOwner } from "../owner-naming.ts";
import { runningGateway } from "../running-gateway.ts";
import { openSenderDesk } from "../sender-desk.ts";
import { accountName, senderScopeOf } from "../sender-scope.ts";

/** Lets somebody write to the bot, by the code that it told them, and tells them so. */
export async function run(invocation: Invocation): Promise<Exit> {
  const { account, code } = orderOf(invocation);
  if (invocation.has("notify") && invocation.has("no-notify"))
    throw usageError("--notify and --no-notify contradict each other", invocation.command);
  const isOwner = invocation.has("owner");
  // What would keep it from being written is found out before anybody is let in.
  if (isOwner) await ownConfigOf(invocation);
  const id = await approve(invocation, account, code);
  const paths = statePathsOf(invocation);
  const pid = await runningGateway(paths);
  const wantsNotice = invocation.has("notify") || (pid !== undefined && !invocation.has("no-notify"));
  const owner = isOwner ? await nameOwner(paths, { channel: account.channel, id }) : undefined;
  const notice = wantsNotice ? await tellApproved(invocation, account, { id, code }) : undefined;
  answer(
    invocation,
    {
      ...account,
      id,
      notified: notice?.outcome === "sent",
      ...(notice !== undefined && { notice }),
      ...(owner !== undefined && { owner }),
    },
    () =>
      [
        `Approved ${account.channel} sender ${printable(id)}.`,
        ...(owner === undefined ? [] : ownerWords(printable(owner), paths.configFile, pid)),
        ...(notice?.outcome === "sent" ? ["They have been told so."] : []),
      ].join("\n"),
  );
  warn(notice);
  return Exit.Ok;
}

async function approve(
  invocation: Invocation,
  account: ReturnType<typeof senderScopeOf>,
  code: string,
): Promise<string> {
  await using desk = await openSenderDesk(invocation);
  const approved = await desk.senders.approve({ ...account, code });
  if (approved !== undefined) return approved.id;
  throw new CommandError(
    "UNKNOWN_PAIRING_CODE",
    `nobody waits on ${accountName(account)} with the code "${code.slice(0, 80)}"; a code works once, for an hour`,
    { mend: `Who waits: saltgate pairing list ${wordsOf(account)}` },
  );
}

function ownerWords(owner: string, configFile: string, pid: number | undefined): string[] {
  return [
    `${owner} is an owner now: whoever holds that account may do in chats what you may, run commands on this machine among it.`,
    `To take it back, remove it from commands.ownerAllowFrom in ${configFile}.`,
    ...(pid === undefined ? [] : [`The running gateway takes it up when it restarts: kill -USR1 ${pid}`]),
  ];
}

/** A notice that didn't arrive changes nothing about the approval. */
function warn(notice: NoticeOutcome | undefined): void {
  if (notice?.outcome === "later") process.stderr.write("They are told so when their channel is back.\n");
  if (notice?.outcome === "failed")
    process.stderr.write(`They could not be told: ${printable(notice.why)}. Tell them yourself.\n`);
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
