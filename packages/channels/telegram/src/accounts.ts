import type { ChannelAccount } from "@saltgate/channel";
import { accountPolicyOf, tablesOf } from "./account-policy.ts";
import { publicApiRoot } from "./bot-api.ts";
import { allFieldsIn, type Fields, fieldsIn, integerIn, textIn } from "./reading.ts";
import { isBotToken, type TelegramSettings, type TokenSource } from "./settings.ts";
import { digestOf } from "./token-digest.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** The account that is meant when none is named. */
const defaultAccountId = "default";

/**
 * The accounts of `channels.telegram`, the default one first. Each is the section's own keys with those of
 * `accounts.<id>` over them. Two accounts with one token or one webhook can't both run: the later one says so. Pure: a
 * token file is read when its account is opened.
 */
export function accountsOf(section: unknown, env: Environment): readonly ChannelAccount[] {
  const base = fieldsIn(section) ?? {};
  const own = new Map<string, Fields>();
  for (const [key, value] of Object.entries(fieldsIn(base["accounts"]) ?? {})) {
    own.set(normalizeAccountId(key), fieldsIn(value) ?? {});
  }
  if (own.size === 0) own.set(defaultAccountId, {});
  const ids = [...own.keys()].sort(
    (a, b) => Number(b === defaultAccountId) - Number(a === defaultAccountId) || (a < b ? -1 : 1),
  );
  const users = new Map<string, string>();
  return ids.map((id) => {
    const account = accountOf(id, base, own.get(id) ?? {}, env);
    if (!account.enabled) return account;
    const shared = ownThings(account).find(({ key }) => users.has(key));
    if (shared !== undefined) {
      const { advice, key, what } = shared;
      return { ...account, notConfigured: `it has the same ${what} as the account "${users.get(key)}"; ${advice}` };
    }
    for (const { key } of ownThings(account)) users.set(key, id);
    return account;
  });
}

/** What no two accounts may have in common: what comes for the one would be taken for the other's (rule R-43). */
function ownThings({
  settings,
  webhookPath,
}: ChannelAccount): readonly { readonly key: string; readonly what: string; readonly advice: string }[] {
  const { webhook } = settings as TelegramSettings;
  const token = tokenOf(settings as TelegramSettings);
  const advice = "give each account one of its own";
  return [
    ...(token === undefined
      ? []
      : [{ key: `token ${token}`, what: "bot token", advice: "give each account a bot of its own" }]),
    ...(webhookPath === undefined ? [] : [{ key: `path ${webhookPath}`, what: "webhookPath", advice }]),
    ...(webhook === undefined ? [] : [{ key: `url ${webhook.url}`, what: "webhookUrl", advice }]),
  ];
}

function tokenOf({ credential }: TelegramSettings): string | undefined {
  return credential !== undefined && "token" in credential ? credential.token : undefined;
}

/** Account ids are lower case, of letters, digits, `_` and `-`, at most 64. */
function normalizeAccountId(text: string): string {
  const id = text
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, "-")
    .replace(/^[^a-z0-9]+/, "")
    .slice(0, 64);
  return id === "" ? defaultAccountId : id;
}

function accountOf(id: string, base: Fields, own: Fields, env: Environment): ChannelAccount {
  const { accounts: _accounts, ...shared } = base;
  const merged: Fields = { ...shared, ...own };
  const { credential, source } = credentialOf(id, base, own, env);
  const webhookUrl = textIn(merged["webhookUrl"]);
  const secret = textIn(merged["webhookSecret"]);
  const settings: TelegramSettings = {
    credential,
    apiRoot: textIn(merged["apiRoot"]) ?? publicApiRoot,
    webhook: webhookUrl === undefined ? undefined : { url: webhookUrl, secret },
    linkPreview: merged["linkPreview"] !== false,
    callDeadlineMs: (integerIn(merged["timeoutSeconds"]) ?? 60) * 1_000,
    tables: tablesOf(merged),
    customCommands: allFieldsIn(merged["customCommands"]).flatMap(({ command, description }) =>
      typeof command === "string" && typeof description === "string" ? [{ command, description }] : [],
    ),
  };
  const token = tokenOf(settings);
  return {
    id,
    name: textIn(own["name"]) ?? (id === defaultAccountId ? textIn(base["name"]) : undefined),
    enabled: base["enabled"] !== false && own["enabled"] !== false,
    notConfigured: whyNotConfigured(settings),
    policy: accountPolicyOf(merged),
    ...(settings.webhook !== undefined && { webhookPath: textIn(merged["webhookPath"]) ?? "/telegram-webhook" }),
    secrets: () => [token, secret].filter((text) => text !== undefined),
    describe: {
      tokenSource: source,
      mode: settings.webhook === undefined ? "polling" : "webhook",
      ...(token !== undefined && isBotToken(token) && { botId: token.slice(0, token.indexOf(":")) }),
      // A path may be a secret of its own; the rest of an address isn't.
      ...(webhookUrl !== undefined && URL.canParse(webhookUrl) && { webhookOrigin: new URL(webhookUrl).origin }),
      ...(settings.apiRoot !== publicApiRoot &&
        URL.canParse(settings.apiRoot) && { apiRoot: new URL(settings.apiRoot).origin }),
    },
    fingerprint: digestOf(JSON.stringify(settings)),
    settings,
  };
}

/**
 * The account's own token file, else its own token, else those of the section, else the environment for the default
 * account. A file that is named and can't be read is never passed over.
 */
function credentialOf(
  id: string,
  base: Fields,
  own: Fields,
  env: Environment,
): { readonly credential: TelegramSettings["credential"]; readonly source: TokenSource } {
  for (const from of [own, base]) {
    const tokenFile = textIn(from["tokenFile"]);
    if (tokenFile !== undefined) return { credential: { tokenFile }, source: "tokenFile" };
    const token = textIn(from["botToken"])?.trim();
    if (token !== undefined) return { credential: { token }, source: "config" };
  }
  const token = id === defaultAccountId ? textIn(env["TELEGRAM_BOT_TOKEN"]?.trim()) : undefined;
  return token === undefined ? { credential: undefined, source: "none" } : { credential: { token }, source: "env" };
}

function whyNotConfigured({ credential, webhook }: TelegramSettings): string | undefined {
  if (credential === undefined)
    return "no bot token: set channels.telegram.botToken to the one that @BotFather gave you";
  if ("token" in credential && !isBotToken(credential.token))
    return "what is configured as its bot token isn't one: it is a number, a colon, and letters, as @BotFather gave it to you";
  if (webhook !== undefined && webhook.secret === undefined)
    return "channels.telegram.webhookUrl needs channels.telegram.webhookSecret: without it anybody could send messages in other people's names";
  return undefined;
}
