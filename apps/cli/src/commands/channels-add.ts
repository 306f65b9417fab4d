import { CHANNELS, loadAdapter } from "../channel-package.ts";
import { accountWith, credentialOf, whoseToken } from "../channel-token.ts";
import { Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { answer } from "../output/answer.ts";
import { accountState } from "../output/channel-table.ts";
import { printable } from "../output/printable.ts";
import { ownConfigOf } from "../own-config.ts";
import { restartGateway } from "../restart-order.ts";
import { runningGateway } from "../running-gateway.ts";
import { accountName, accountOf } from "../sender-scope.ts";

/** Sets up an account of a channel: asks for its token, checks it, and writes it down. */
export async function run(invocation: Invocation): Promise<Exit> {
  const { accountId, channel } = accountOf(invocation, invocation.positionals[0]);
  const adapter = await loadAdapter(channel);
  const { config, paths } = await ownConfigOf(invocation);
  const { credential, token } = await credentialOf(invocation, adapter);
  const section = (config.channels as Readonly<Record<string, unknown>>)[channel];
  const account = accountWith(adapter, section, accountId, token, process.env);
  const bot = invocation.has("no-probe") ? undefined : await whoseToken(adapter, account);
  const { credentialChanges, editConfig } = await import("@saltgate/config");
  const variable = CHANNELS[channel]?.tokenVariable ?? "";
  const named = { channel, accountId, name: invocation.value("name") };
  const envHasToken = (process.env[variable] ?? "") !== "";
  await editConfig(paths.configFile, (written) => credentialChanges(written, named, credential, envHasToken), {
    env: process.env,
  });
  const pid = await runningGateway(paths);
  const restarted = pid !== undefined && invocation.has("restart");
  const seen = restarted ? await restartGateway(invocation, pid, { channel, accountId }) : undefined;
  answer(
    invocation,
    {
      channel,
      accountId,
      path: paths.configFile,
      bot: bot ?? null,
      running: pid !== undefined,
      restarted,
      ...(seen !== undefined && { account: seen }),
    },
    () =>
      [
        `${accountName({ channel, accountId })} is set up${bot === undefined ? "" : `: it is ${printable(bot)}`}. Written to ${paths.configFile}.`,
        nextStep(pid, restarted, seen === undefined ? undefined : accountState(seen)),
        accountId === "default"
          ? `Then write to ${bot === undefined ? "the bot" : printable(bot)}: it answers with a code for saltgate pairing approve ${channel}.`
          : `Who writes to it is let in with: saltgate pairing approve ${channel} --account ${accountId}.`,
      ].join("\n"),
  );
  return Exit.Ok;
}

/** What is left to do before it holds. */
function nextStep(pid: number | undefined, restarted: boolean, state: string | undefined): string {
  if (pid === undefined) return "Start the gateway: saltgate gateway";
  if (!restarted) return `The running gateway takes it up when it restarts: kill -USR1 ${pid}`;
  return `The gateway has restarted, and the account is ${state ?? "not there yet (saltgate channels status)"}.`;
}
