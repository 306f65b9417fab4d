import { CHANNELS } from "../channel-package.ts";
import { CommandError, Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { openSession } from "../gateway-session.ts";
import { answer } from "../output/answer.ts";
import { ownConfigOf } from "../own-config.ts";
import { restartGateway } from "../restart-order.ts";
import { runningGateway } from "../running-gateway.ts";
import { accountName, accountOf } from "../sender-scope.ts";

/** Takes an account and its token out of the configuration, and stops it where it runs. */
export async function run(invocation: Invocation): Promise<Exit> {
  const { accountId, channel } = accountOf(invocation, invocation.positionals[0]);
  const { paths } = await ownConfigOf(invocation);
  const { editConfig, removeAccountChanges } = await import("@saltgate/config");
  const { changed } = await editConfig(
    paths.configFile,
    (written) => removeAccountChanges(written, channel, accountId),
    { env: process.env },
  );
  const variable = Object.hasOwn(CHANNELS, channel) ? CHANNELS[channel]?.tokenVariable : undefined;
  const stays = accountId === "default" && variable !== undefined && (process.env[variable] ?? "") !== "";
  if (!changed)
    throw new CommandError(
      "UNKNOWN_ACCOUNT",
      `no account of ${accountName({ channel, accountId })} is in ${paths.configFile}`,
      {
        mend: stays
          ? `Its token comes from the environment: unset ${variable}, and restart the gateway.`
          : "Which there are: saltgate channels list",
      },
    );
  const pid = await runningGateway(paths);
  const restarted = pid !== undefined && invocation.has("restart");
  if (restarted) await restartGateway(invocation, pid, { channel, accountId });
  const stopped = restarted || (pid !== undefined && (await stop(invocation, channel, accountId)));
  answer(
    invocation,
    { channel, accountId, path: paths.configFile, running: pid !== undefined, stopped, environmentToken: stays },
    () =>
      [
        `${accountName({ channel, accountId })} is out of ${paths.configFile}.${accountId === "default" ? " Its rules, and who was let in, stay." : ""}`,
        stopped && "It no longer runs.",
        pid !== undefined && !stopped && `It runs until the gateway restarts: kill -USR1 ${pid}`,
        stays && `${variable} of the environment has a token still, and the next start uses it: unset it there.`,
      ]
        .filter((line) => typeof line === "string")
        .join("\n"),
  );
  return Exit.Ok;
}

/** Stops the account in the gateway that runs. */
async function stop(invocation: Invocation, channel: string, accountId: string): Promise<boolean> {
  try {
    await using session = await openSession(invocation);
    await session.request("channels.stop", { channel, accountId });
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false; // it is out of the file all the same, and that is what was ordered
    throw error;
  }
}
