import type { SenderScope } from "@saltgate/pairing";
import { usageError } from "./command-error.ts";
import type { Invocation } from "./command-line.ts";

/**
 * The account that is meant: `--channel` counts before the word.
 * @throws {CommandError} when no channel is named, or by no channel's name
 */
export function senderScopeOf(invocation: Invocation, word: string | undefined): SenderScope {
  const named = (invocation.value("channel") ?? word ?? "").trim().toLowerCase();
  if (named === "") throw usageError("<channel> is missing", invocation.command);
  if (!/^[a-z][a-z0-9_-]{0,63}$/.test(named)) {
    throw usageError(`"${named.slice(0, 80)}" is no channel's name`, invocation.command);
  }
  const accountId = invocation.value("account")?.trim();
  return { channel: named, ...(accountId !== undefined && { accountId }) };
}

/**
 * The account of the configuration that is meant; the default one where none is named.
 * @throws {CommandError} when no channel is named, or no account can have that name
 */
export function accountOf(invocation: Invocation, word: string | undefined): { channel: string; accountId: string } {
  const { accountId = "default", channel } = senderScopeOf(invocation, word);
  const id = accountId.toLowerCase();
  if (/^[a-z0-9][a-z0-9_-]{0,63}$/.test(id)) return { channel, accountId: id };
  throw usageError(
    `an account's name has lower-case letters, digits, _ and -, not "${accountId.slice(0, 80)}"`,
    invocation.command,
  );
}

/** An account in a sentence, such as `telegram (account work)`. */
export function accountName({ channel, accountId }: SenderScope): string {
  return accountId === undefined || accountId === "default" ? channel : `${channel} (account ${accountId})`;
}
