import { accountsOf, CHANNELS, loadAdapter } from "../channel-package.ts";
import { CommandError, Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { statePathsOf, usableConfigOf } from "../local-state.ts";
import { answer } from "../output/answer.ts";
import { table } from "../output/table.ts";

/** An account as the configuration has it. */
interface Listed {
  readonly channel: string;
  readonly accountId: string;
  readonly enabled: boolean;
  /** Why it can't start. */
  readonly problem?: string;
  readonly tokenSource?: string;
  readonly dmPolicy?: string;
  readonly groupPolicy?: string;
}

/** The channels that are set up on this machine, and the accounts of each. No gateway needs to run. */
export async function run(invocation: Invocation): Promise<Exit> {
  const { config } = await usableConfigOf(statePathsOf(invocation));
  const accounts: Listed[] = [];
  for (const channel of Object.keys(CHANNELS)) accounts.push(...(await listed(channel, config)));
  answer(invocation, { channels: Object.keys(CHANNELS), accounts }, () => {
    if (accounts.length === 0) return "No channel is set up. Add one: saltgate channels add telegram";
    const rows = accounts.map(({ accountId, channel, dmPolicy, enabled, groupPolicy, problem, tokenSource }) => [
      channel,
      accountId,
      tokenSource ?? "",
      dmPolicy ?? "",
      groupPolicy ?? "",
      problem ?? (enabled ? "" : "disabled in the configuration"),
    ]);
    return `${table(["Channel", "Account", "Token from", "Private", "Groups", "Note"], rows)}\n\nHow they are: saltgate channels status`;
  });
  return Exit.Ok;
}

async function listed(channel: string, config: Parameters<typeof accountsOf>[1]): Promise<Listed[]> {
  try {
    const adapter = await loadAdapter(channel);
    return accountsOf(adapter, config, process.env).flatMap(({ describe, enabled, id, notConfigured, policy }) => {
      const { tokenSource } = describe;
      if (tokenSource === "none" && id === "default") return []; // nothing is set up at all
      return [
        {
          channel,
          accountId: id,
          enabled,
          dmPolicy: policy.dmPolicy,
          groupPolicy: policy.groupPolicy,
          ...(notConfigured !== undefined && { problem: notConfigured }),
          ...(typeof tokenSource === "string" && { tokenSource }),
        },
      ];
    });
  } catch (error) {
    if (!(error instanceof CommandError) || error.code !== "CHANNEL_UNAVAILABLE") throw error;
    const section = (config.channels as Readonly<Record<string, unknown>>)[channel];
    const isSetUp = typeof section === "object" && section !== null && Object.keys(section).length > 1;
    if (!isSetUp) return [];
    return [{ channel, accountId: "default", enabled: true, problem: `${error.message}. ${error.mend ?? ""}` }];
  }
}
