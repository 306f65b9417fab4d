import type { ConfigChange } from "./edit-text.ts";
import { type Fields, fieldsAt } from "./written-fields.ts";

/** Keys of an account that hold its credentials, or say where they are. */
const credentialKeys = ["botToken", "tokenFile"] as const;

/** Where the credentials of an account go, or come from. */
export type ChannelCredential = { readonly botToken: string } | { readonly tokenFile: string };

/** An account's id, as adapters understand the names of `accounts`. */
function accountIdOf(name: string): string {
  const id = name
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, "-")
    .replace(/^[^a-z0-9]+/, "")
    .slice(0, 64);
  return id === "" ? "default" : id;
}

/** The name under which `accounts` has an account. */
function nameIn(accounts: Fields, accountId: string): string | undefined {
  return Object.keys(accounts).find((name) => accountIdOf(name) === accountId);
}

/**
 * The changes that give an account its credentials, from the content of a file. A second account is written beside the first one,
 * which stays.
 * @param envHasToken whether the default account takes a token from the environment
 */
export function credentialChanges(
  written: unknown,
  account: { readonly channel: string; readonly accountId: string; readonly name?: string | undefined },
  credential: ChannelCredential,
  envHasToken: boolean,
): readonly ConfigChange[] {
  const section = fieldsAt(written, "channels", account.channel);
  const accounts = fieldsAt(section, "accounts");
  const isDefault = account.accountId === "default";
  const known = nameIn(accounts, account.accountId);
  const isInSection = isDefault && known === undefined && Object.keys(accounts).length === 0;
  const base = ["channels", account.channel, ...(isInSection ? [] : ["accounts", known ?? account.accountId])];
  const old = isInSection ? section : fieldsAt(accounts, known ?? "");
  const sectionHasToken = credentialKeys.some((key) => section[key] !== undefined);
  // Where accounts have names, the one without a name is there only if it is among them.
  const keepsDefault =
    !isDefault && Object.keys(accounts).length === 0 && (sectionHasToken || envHasToken)
      ? [{ path: ["channels", account.channel, "accounts", "default"], value: {} }]
      : [];
  return [
    ...keepsDefault,
    ...credentialKeys
      .filter((key) => old[key] !== undefined && !Object.hasOwn(credential, key))
      .map((key) => ({ path: [...base, key], remove: true as const })),
    ...Object.entries(credential).map(([key, value]) => ({ path: [...base, key], value })),
    ...(account.name === undefined ? [] : [{ path: [...base, "name"], value: account.name }]),
    ...(old["enabled"] === false ? [{ path: [...base, "enabled"], value: true }] : []),
  ];
}

/**
 * The changes that take the credentials of an account out of a file, and nothing else; none when it has none there. The
 * default account's may stand in the section itself.
 */
export function forgetCredentialChanges(written: unknown, channel: string, accountId: string): readonly ConfigChange[] {
  const section = fieldsAt(written, "channels", channel);
  const accounts = fieldsAt(section, "accounts");
  const name = nameIn(accounts, accountId);
  const places: readonly (readonly [readonly string[], Fields])[] = [
    ...(accountId === "default" ? [[["channels", channel], section] as const] : []),
    ...(name === undefined ? [] : [[["channels", channel, "accounts", name], fieldsAt(accounts, name)] as const]),
  ];
  return places.flatMap(([base, fields]) =>
    credentialKeys
      .filter((key) => fields[key] !== undefined)
      .map((key) => ({ path: [...base, key], remove: true as const })),
  );
}

/** The changes that take an account out of a file: a named one whole, the default one's credentials. */
export function removeAccountChanges(written: unknown, channel: string, accountId: string): readonly ConfigChange[] {
  const name = nameIn(fieldsAt(written, "channels", channel, "accounts"), accountId);
  const entry = name === undefined ? [] : [{ path: ["channels", channel, "accounts", name], remove: true as const }];
  const credentials = forgetCredentialChanges(written, channel, accountId).filter(({ path }) => path.length === 3);
  return [...credentials, ...entry];
}
