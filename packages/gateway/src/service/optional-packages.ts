import type { ChannelAdapter } from "@saltgate/channel";
import type { Config } from "@saltgate/config";
import type { GatewayChannels, InstalledChannel, MissingChannel } from "../channels/installed-channels.ts";

/** Imports a package that is installed beside the gateway when it is wanted. */
export type ImportPackage = (name: string) => Promise<unknown>;

/** Channels that there is an adapter for, by id. */
const CHANNEL_PACKAGES: Readonly<Record<string, string>> = { telegram: "@saltgate/channel-telegram" };

/** Channels that have no adapter yet. */
const LATER_CHANNELS = ["whatsapp", "discord", "slack", "signal", "imessage"] as const;

/** The package of the backend for model APIs. */
export const MODELS_PACKAGE = "@saltgate/backend-models";

/** Environment variables by which a channel is configured without a section. */
export const TOKEN_VARIABLES: Readonly<Record<string, string>> = { telegram: "TELEGRAM_BOT_TOKEN" };

/** Loads the adapters of the channels that are configured, and nothing for those that aren't. */
export async function loadChannels(
  config: Config,
  env: Readonly<Record<string, string | undefined>>,
  importPackage: ImportPackage,
): Promise<GatewayChannels> {
  const installed: InstalledChannel[] = [];
  const missing: MissingChannel[] = [];
  const sections = config.channels as Readonly<Record<string, unknown>>;
  for (const [id, name] of Object.entries(CHANNEL_PACKAGES)) {
    const section = sections[id];
    if (!isConfigured(section) && !env[TOKEN_VARIABLES[id] ?? ""]) continue;
    const loaded = await importAdapter(id, name, importPackage);
    if (typeof loaded === "string") missing.push({ id, problem: loaded });
    else installed.push({ adapter: loaded, accounts: loaded.accounts(withDefaults(section, config), env) });
  }
  for (const id of LATER_CHANNELS) {
    if (isConfigured(sections[id]))
      missing.push({ id, problem: `channels.${id} is configured, and this version has no adapter for it yet.` });
  }
  return { installed, missing };
}

/** Whether a section says anything: every section is there, with its defaults. */
function isConfigured(section: unknown): boolean {
  if (typeof section !== "object" || section === null) return false;
  const { botToken, tokenFile, accounts, enabled } = section as Readonly<Record<string, unknown>>;
  if (enabled === false && accounts === undefined) return false;
  const hasAccounts = typeof accounts === "object" && accounts !== null && Object.keys(accounts).length > 0;
  const isKnownShape = "dmPolicy" in section || "botToken" in section || "accounts" in section;
  if (!isKnownShape) return Object.keys(section).length > 0;
  return botToken !== undefined || tokenFile !== undefined || hasAccounts;
}

function withDefaults(section: unknown, config: Config): unknown {
  const { groupPolicy } = config.channels.defaults;
  const { historyLimit } = config.messages.groupChat;
  const shared = {
    ...(groupPolicy !== undefined && { groupPolicy }),
    ...(historyLimit !== undefined && { historyLimit }),
  };
  return typeof section === "object" && section !== null ? { ...shared, ...section } : shared;
}

/** @returns the adapter, or why there is none, with the command that mends it */
async function importAdapter(id: string, name: string, importPackage: ImportPackage): Promise<ChannelAdapter | string> {
  try {
    const { adapter } = (await importPackage(name)) as { readonly adapter?: ChannelAdapter };
    if (adapter?.descriptor?.id === id) return adapter;
    return `${name} is installed and isn't the adapter of ${id}. Install it again: npm install --global ${name}`;
  } catch (error) {
    if (isMissing(error)) return `${name} is not installed. Install it beside saltgate: npm install --global ${name}`;
    return `${name} can't be loaded: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Whether an import failed because there is no such package. */
export function isMissing(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND";
}
