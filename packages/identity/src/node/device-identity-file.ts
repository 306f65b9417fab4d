import { createPrivateKey, createPublicKey } from "node:crypto";
import { constants } from "node:fs";
import { chmod, copyFile, readFile, stat } from "node:fs/promises";
import { type DeviceIdentity, deviceIdentityOf } from "../device-identity.ts";
import { decodePublicKey } from "../public-key.ts";
import { IdentityFileError } from "./identity-file-error.ts";
import { nativeEngine, privateKeyOf } from "./native-engine.ts";
import { isCode, type WriteMode, writePrivateFile } from "./private-file.ts";

/** Options of {@link loadOrCreateDeviceIdentity}. */
export interface DeviceIdentityFileOptions {
  /** Current time in milliseconds since the epoch. @default Date.now */
  readonly now?: () => number;
  /**
   * Whether an invalid file is replaced by a new identity (its copy stays beside it). The device is then unknown to
   * every gateway it was paired with, so this is the owner's choice. @default false
   */
  readonly replaceInvalid?: boolean;
}

/** A device identity that lives in a file. */
export interface StoredDeviceIdentity extends DeviceIdentity {
  readonly createdAtMs: number;
}

/** Smallest file size that is surely no identity; a real one has about 400 bytes. */
const maxFileBytes = 64 * 1024;

/**
 * The device identity in `file` (documented place: `identity/device.json` of the state folder), created at first use.
 * Shape: `{version: 1, deviceId, publicKeyPem, privateKeyPem, createdAtMs}`, mode 0600, new folders 0700. A `deviceId`
 * that isn't its key's is put right. Processes that start at once end up with one and the same identity.
 * @throws {IdentityFileError} when the file is invalid (it stays where it is, with a copy as `.corrupt-<ms>`: rule
 * R-57) or can't be read.
 */
export async function loadOrCreateDeviceIdentity(
  file: string,
  options: DeviceIdentityFileOptions = {},
): Promise<StoredDeviceIdentity> {
  const now = options.now ?? Date.now;
  const text = await readText(file);
  if (text === undefined) return create(file, now(), "keep-existing");
  const decoded = decode(text);
  if (decoded !== undefined) {
    await narrow(file);
    if (decoded.repaired) await writePrivateFile(file, textOf(decoded.identity), "replace");
    return decoded.identity;
  }
  const copy = await preserve(file);
  if (options.replaceInvalid === true) return create(file, now(), "replace");
  throw new IdentityFileError(
    "invalid",
    file,
    `The device key file ${file} isn't valid, and nothing was changed. A copy is kept as ${copy}. ` +
      "Restore the file from a backup, or delete it to get a new identity (every gateway must then approve this device again).",
  );
}

async function create(file: string, createdAtMs: number, mode: WriteMode): Promise<StoredDeviceIdentity> {
  const identity = stored(nativeEngine.randomBytes(32), createdAtMs);
  const written = await writePrivateFile(file, textOf(identity), mode);
  if (written) return identity;
  // Another process was faster: its identity is the device's.
  return loadOrCreateDeviceIdentity(file, { now: () => createdAtMs });
}

function stored(seed: Uint8Array, createdAtMs: number): StoredDeviceIdentity {
  const identity = deviceIdentityOf(nativeEngine, seed);
  return Object.defineProperty({ ...identity, createdAtMs }, "seed", {
    value: identity.seed,
    enumerable: false,
  }) as StoredDeviceIdentity;
}

async function readText(file: string): Promise<string | undefined> {
  try {
    const { size } = await stat(file);
    return size > maxFileBytes ? "" : await readFile(file, "utf8");
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return undefined;
    throw new IdentityFileError(
      "unreadable",
      file,
      `The device key file ${file} can't be read. Make it a file that belongs to you: chown it, then chmod 600 ${file}.`,
      { cause },
    );
  }
}

function decode(text: string): { identity: StoredDeviceIdentity; repaired: boolean } | undefined {
  try {
    const row: unknown = JSON.parse(text);
    if (typeof row !== "object" || row === null) return undefined;
    const { version, deviceId, publicKeyPem, privateKeyPem, createdAtMs } = row as Record<string, unknown>;
    if (version !== 1 || typeof privateKeyPem !== "string" || typeof publicKeyPem !== "string") return undefined;
    const key = createPrivateKey(privateKeyPem);
    if (key.asymmetricKeyType !== "ed25519") return undefined;
    const der = key.export({ format: "der", type: "pkcs8" });
    const at = typeof createdAtMs === "number" && Number.isSafeInteger(createdAtMs) ? createdAtMs : 0;
    const identity = stored(new Uint8Array(der.subarray(der.length - 32)), at);
    // Halves of two pairs: nobody can say which of them is this device.
    const publicKey = decodePublicKey(publicKeyPem);
    if (!publicKey.ok || publicKey.base64url !== identity.publicKey) return undefined;
    return { identity, repaired: deviceId !== identity.deviceId };
  } catch {
    // JSON.parse and createPrivateKey throw for whatever isn't theirs: the caller reports an invalid file.
    return undefined;
  }
}

function textOf(identity: StoredDeviceIdentity): string {
  const key = privateKeyOf(identity.seed);
  const row = {
    version: 1,
    deviceId: identity.deviceId,
    publicKeyPem: createPublicKey(key).export({ format: "pem", type: "spki" }),
    privateKeyPem: key.export({ format: "pem", type: "pkcs8" }),
    createdAtMs: identity.createdAtMs,
  };
  return `${JSON.stringify(row, null, 2)}\n`;
}

async function narrow(file: string): Promise<void> {
  const { mode } = await stat(file);
  if (process.platform !== "win32" && (mode & 0o077) !== 0) await chmod(file, 0o600);
}

/** Keeps a copy under a name that follows from the file's own age, so that repeated starts keep one copy, not many. */
async function preserve(file: string): Promise<string> {
  const { mtimeMs } = await stat(file);
  const copy = `${file}.corrupt-${Math.floor(mtimeMs)}`;
  try {
    await copyFile(file, copy, constants.COPYFILE_EXCL);
    await chmod(copy, 0o600);
  } catch (cause) {
    if (!isCode(cause, "EEXIST")) throw cause;
  }
  return copy;
}
