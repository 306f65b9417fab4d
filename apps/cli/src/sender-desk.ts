import { nativeEngine } from "@saltgate/identity/node";
import { SenderPairing, type SenderScope } from "@saltgate/pairing";
import { FileStore } from "@saltgate/store";
import { usageError } from "./command-error.ts";
import type { Invocation } from "./command-line.ts";
import { statePathsOf } from "./local-state.ts";

/** Where orders about senders are taken: by the files of the state folder, which channels read at every message. */
export interface SenderDesk extends AsyncDisposable {
  readonly senders: SenderPairing;
}

/** Opens the files of this machine's state folder. No gateway needs to run. */
export async function openSenderDesk(invocation: Invocation): Promise<SenderDesk> {
  const store = new FileStore({ directory: statePathsOf(invocation).stateDir });
  const senders = await SenderPairing.open({ store, engine: nativeEngine });
  return { senders, [Symbol.asyncDispose]: () => store.close() };
}

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

/** An account in a sentence, such as `telegram (account work)`. */
export function accountName({ channel, accountId }: SenderScope): string {
  return accountId === undefined ? channel : `${channel} (account ${accountId})`;
}
