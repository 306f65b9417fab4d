import { randomBytes } from "node:crypto";
import { chmod, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { StoredToken, TokenKey, TokenStore } from "../token-store.ts";
import { withFileLock } from "./file-lock.ts";

/** Options of {@link fileTokenStore}. */
export interface FileTokenStoreOptions {
  /**
   * The gateway that tokens without an origin belong to: those that another program left in the file. Without it they
   * are kept and never sent, because nobody knows to whom (rule R-01).
   */
  readonly unlabelledOrigin?: string | undefined;
}

interface TokenFile {
  version: 1;
  deviceId: string;
  /** By role: the documented place, which doesn't say whose tokens they are. */
  tokens: Record<string, unknown>;
  /** By origin, then by role. */
  gateways: Record<string, Record<string, unknown>>;
}

/** Larger files are no token stores; a real one has a few hundred bytes for each gateway. */
const maxFileBytes = 1_048_576;

/**
 * Device tokens in a file (documented place: `identity/device-auth.json` of the state folder), mode 0600, written
 * whole or not at all and flushed before a write resolves. Tokens of another device are ignored, and replaced by the
 * first write. Programs that share the file take turns.
 */
export function fileTokenStore(file: string, options: FileTokenStoreOptions = {}): TokenStore {
  const rowFor = (content: TokenFile | undefined, key: TokenKey): StoredToken | undefined => {
    if (content?.deviceId !== key.deviceId) return undefined;
    const labelled = content.gateways[key.origin]?.[key.role];
    return storedToken(labelled ?? (options.unlabelledOrigin === key.origin ? content.tokens[key.role] : undefined));
  };
  return {
    read: async (key) => rowFor(await readTokenFile(file), key),
    write: (key, token) =>
      withFileLock(file, async () => {
        const content = await readTokenFile(file);
        const base = content?.deviceId === key.deviceId ? content : emptyFor(key.deviceId);
        const row = {
          token: token.token,
          role: key.role,
          scopes: [...token.scopes].sort(),
          updatedAtMs: token.updatedAtMs,
        };
        const gateways = { ...base.gateways, [key.origin]: { ...base.gateways[key.origin], [key.role]: row } };
        await writeWhole(file, { ...base, gateways });
      }),
    remove: (key, token) =>
      withFileLock(file, async () => {
        const content = await readTokenFile(file);
        if (content === undefined || rowFor(content, key)?.token !== token) return;
        const mine = { ...content.gateways[key.origin] };
        const tokens = { ...content.tokens };
        if (mine[key.role] === undefined) delete tokens[key.role];
        delete mine[key.role];
        await writeWhole(file, { ...content, tokens, gateways: { ...content.gateways, [key.origin]: mine } });
      }),
  };
}

function emptyFor(deviceId: string): TokenFile {
  return { version: 1, deviceId, tokens: {}, gateways: {} };
}

async function readTokenFile(file: string): Promise<TokenFile | undefined> {
  let text: string;
  try {
    const { size, mode } = await stat(file);
    if (size > maxFileBytes) return undefined;
    if (process.platform !== "win32" && (mode & 0o077) !== 0) await chmod(file, 0o600);
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  return decode(text);
}

/** A file that isn't a token store holds no tokens: its device gets new ones by its key and the owner's approval. */
function decode(text: string): TokenFile | undefined {
  try {
    const row: unknown = JSON.parse(text);
    if (!isRow(row) || row["version"] !== 1 || typeof row["deviceId"] !== "string") return undefined;
    const gateways = Object.entries(isRow(row["gateways"]) ? row["gateways"] : {}).filter(
      (entry): entry is [string, Record<string, unknown>] => isRow(entry[1]),
    );
    return {
      version: 1,
      deviceId: row["deviceId"],
      tokens: isRow(row["tokens"]) ? row["tokens"] : {},
      gateways: Object.fromEntries(gateways),
    };
  } catch {
    return undefined;
  }
}

function storedToken(row: unknown): StoredToken | undefined {
  if (!isRow(row)) return undefined;
  const { token, scopes, updatedAtMs } = row;
  if (typeof token !== "string" || token === "") return undefined;
  return {
    token,
    scopes: Array.isArray(scopes) ? scopes.filter((scope) => typeof scope === "string") : [],
    updatedAtMs: typeof updatedAtMs === "number" ? updatedAtMs : 0,
  };
}

function isRow(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

async function writeWhole(file: string, content: TokenFile): Promise<void> {
  const temporary = `${file}.${randomBytes(8).toString("hex")}.tmp`;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  try {
    const handle = await open(temporary, "wx", 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(content, null, 2)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    await syncFolder(dirname(file));
  } finally {
    await rm(temporary, { force: true });
  }
}

async function syncFolder(folder: string): Promise<void> {
  // Windows can't open a folder; there a rename is durable by itself.
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
