import type { Meaning } from "./meaning.ts";
import type { Config } from "./schema.ts";

type Telegram = Config["channels"]["telegram"];
type Account = Omit<Telegram, "accounts">;

/** What the section `channels.telegram` says that its keys, each for itself, can't tell. Pure. */
export function checkTelegram(config: Config): Meaning {
  const { accounts, ...base } = config.channels.telegram;
  const checked = [
    ...(Object.keys(accounts).length === 0 ? [{ path: "channels.telegram", own: base, merged: base }] : []),
    ...Object.entries(accounts).map(([id, own]) => ({
      path: `channels.telegram.accounts.${id}`,
      own: own as Account,
      merged: { ...base, ...given(own as Account) },
    })),
  ].map(({ path, own, merged }) => checkAccount(path, own, merged, config));
  return {
    problems: checked.flatMap(({ problems }) => problems),
    warnings: checked.flatMap(({ warnings }) => warnings),
  };
}

function checkAccount(path: string, own: Account, merged: Account, config: Config): Meaning {
  const problems: { path: string; message: string }[] = [];
  const warnings: { path: string; message: string }[] = [];
  // The line that people look for is where the key stands: in the account, or in the section.
  const at = (key: keyof Account): string => (own[key] === undefined ? `channels.telegram.${key}` : `${path}.${key}`);
  const everybody = merged.allowFrom?.includes("*") ?? false;
  if (merged.dmPolicy === "open" && !everybody) {
    problems.push({
      path: at("dmPolicy"),
      message: `"${at("dmPolicy")}" is "open", so "allowFrom" must contain "*": everybody who finds the bot could write to it.`,
    });
  }
  if (merged.webhookUrl !== undefined && merged.webhookSecret === undefined) {
    problems.push({
      path: at("webhookUrl"),
      message: `"${at("webhookUrl")}" needs "webhookSecret": without it anybody could send messages in other people's names (rule R-54).`,
    });
  }
  const { token, password } = config.gateway.auth;
  if (merged.webhookSecret !== undefined && [token, password].includes(merged.webhookSecret)) {
    problems.push({
      path: at("webhookSecret"),
      message: `"${at("webhookSecret")}" is also a secret of the gateway: Telegram could control it. Give it one of its own (rule R-47).`,
    });
  }
  const policy = merged.groupPolicy ?? config.channels.defaults.groupPolicy ?? "allowlist";
  const senders = merged.groupAllowFrom ?? merged.allowFrom ?? [];
  const named = Object.values(merged.groups ?? {});
  if (
    policy === "allowlist" &&
    senders.length === 0 &&
    named.length > 0 &&
    named.every((row) => row.allowFrom === undefined)
  ) {
    warnings.push({
      path: at("groups"),
      message: `"${at("groups")}" names groups, and nobody may write in them. List senders in "groupAllowFrom", or set "groupPolicy" to "open".`,
    });
  }
  return { problems, warnings };
}

function given(own: Account): Partial<Account> {
  return Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
}
