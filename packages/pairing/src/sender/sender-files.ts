import { digestSecret, type Sha256 } from "@saltgate/identity";

/** One account of one channel. */
export interface SenderScope {
  /** The channel's id, such as `telegram`. */
  readonly channel: string;
  /** The account there; case doesn't matter. Without it, empty or `default`: the default one. */
  readonly accountId?: string | undefined;
}

/** The two documents of an account. */
export interface SenderFiles {
  readonly pending: string;
  readonly allowFrom: string;
}

/** Channels with a dash of their own, whose files `<channel>-pairing` are known by that name. */
const dashedChannels = ["nextcloud-talk"];

/**
 * Where the senders of an account stand: `credentials/<channel>-pairing` and `-allowFrom`, with `-<account>` behind the
 * channel unless it is the default one. No two accounts share a file (rule R-43): where the dash would make one file of
 * two accounts (`a`, account `b`, and the channel `a-b`), or a name can't stand in a store as it is, the account gets
 * `credentials/<channel>/<account>-pairing` with the SHA-256 of what can't stand there.
 * @throws {TypeError} when the channel's id is empty.
 */
export function senderFiles({ channel, accountId }: SenderScope, sha256: Sha256): SenderFiles {
  const owner = segment(fileNameOf(channel), sha256);
  const account = (accountId ?? "").trim().toLowerCase();
  const name = account === "" || account === "default" ? undefined : segment(account, sha256);
  const stem = name === undefined ? owner : `${owner}-${name}`;
  const isPlain = channelOf(stem) === owner && stem.length <= 80;
  const path = `credentials/${isPlain ? stem : `${owner}/${name ?? "default"}`}`;
  return { pending: `${path}-pairing`, allowFrom: `${path}-allowFrom` };
}

/** A channel's id as other gateways write it into the name of a file. */
function fileNameOf(channel: string): string {
  const name = channel
    .trim()
    .toLowerCase()
    .replace(/[\\/:*?"<>|]/g, "_")
    .replaceAll("..", "_");
  if (/^_*$/.test(name)) throw new TypeError("A channel's id must not be empty.");
  return name;
}

/** A name as it can stand in a document's name. A digest is longer than any other name, so that none looks like one. */
function segment(name: string, sha256: Sha256): string {
  if (/^[a-z0-9_-]{1,64}$/.test(name)) return name;
  return `_${digestSecret(sha256, name).slice("sha256:".length)}`;
}

/** Whose file it would be by its name alone. */
function channelOf(stem: string): string {
  const dashed = dashedChannels.find((id) => stem === id || stem.startsWith(`${id}-`));
  return dashed ?? stem.split("-", 1)[0] ?? stem;
}
