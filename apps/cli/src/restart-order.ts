import type { AccountSnapshot } from "@saltgate/protocol";
import { CommandError, Exit } from "./command-error.ts";
import type { Invocation } from "./command-line.ts";
import { openSession } from "./gateway-session.ts";
import { aLittle } from "./repeat-when-cut.ts";

/** How often a gateway that restarts is looked for, twice a second: running work may end first. */
const MAX_LOOKS = 240;

/**
 * Has the gateway of this machine restart in its process, and waits until it has started an account.
 * @returns how the account is, with the platform's answer
 * @throws {CommandError} when it doesn't come back in two minutes
 */
export async function restartGateway(
  invocation: Invocation,
  pid: number,
  { channel, accountId }: { readonly channel: string; readonly accountId: string },
): Promise<AccountSnapshot | undefined> {
  const orderedAtMs = Date.now();
  process.kill(pid, "SIGUSR1");
  for (let looks = 0; looks < MAX_LOOKS; looks += 1) {
    await aLittle();
    try {
      await using session = await openSession(invocation);
      const { uptimeMs } = await session.request("status", {});
      // It may still be the run from before, which lets its work end.
      if (uptimeMs === undefined || Date.now() - uptimeMs < orderedAtMs) continue;
      const status = await session.request("channels.status", { channel, probe: true });
      return status.channelAccounts[channel]?.find((account) => account.accountId === accountId);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      // A channel that is gone, or isn't there, is an answer of the gateway that came back.
      if (error.code === "UNKNOWN_CHANNEL") return undefined;
      const isComing = error.exit === Exit.Unreachable || error.retryable || error.code === "CLOSED";
      if (!isComing) throw error;
    }
  }
  throw new CommandError("RESTART_SLOW", `the gateway (process ${pid}) was told to restart and isn't back yet`, {
    mend: "Runs that go on may end first. Look again: saltgate channels status",
  });
}
