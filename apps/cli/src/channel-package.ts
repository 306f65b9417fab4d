import type { ChannelAccount, ChannelAdapter } from "@saltgate/channel";
import type { Config } from "@saltgate/config";
import { CommandError } from "./command-error.ts";

/** Channels that there is a package for, each with the environment variable that its default account takes a token from. */
export const CHANNELS: Readonly<Record<string, { readonly package: string; readonly tokenVariable: string }>> = {
  telegram: { package: "@saltgate/channel-telegram", tokenVariable: "TELEGRAM_BOT_TOKEN" },
};

/**
 * Loads the package of a channel, which is installed beside this command.
 * @throws {CommandError} with the command that installs it
 */
export async function loadAdapter(channel: string): Promise<ChannelAdapter> {
  const known = Object.hasOwn(CHANNELS, channel) ? CHANNELS[channel] : undefined;
  if (known === undefined)
    throw new CommandError("UNKNOWN_CHANNEL", `this version has no channel "${channel.slice(0, 80)}"`, {
      mend: `There is: ${Object.keys(CHANNELS).join(", ")}`,
    });
  try {
    const { adapter } = (await import(known.package)) as { readonly adapter?: ChannelAdapter };
    if (adapter?.descriptor.id === channel) return adapter;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") throw error;
  }
  throw new CommandError("CHANNEL_UNAVAILABLE", `${known.package} is not installed`, {
    mend: `Install it beside saltgate: npm install --global ${known.package}`,
  });
}

/** The accounts of a channel, as a configuration and an environment name them. Nothing is connected. */
export function accountsOf(
  adapter: ChannelAdapter,
  config: Pick<Config, "channels">,
  env: Readonly<Record<string, string | undefined>>,
): readonly ChannelAccount[] {
  const section = (config.channels as Readonly<Record<string, unknown>>)[adapter.descriptor.id];
  return adapter.accounts(section, env);
}
