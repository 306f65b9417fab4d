import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import { asStoreError, systemCode } from "./errors.ts";
import { type FileSystemPort, nodeFileSystem } from "./file-system.ts";

/** Creates a file that wasn't there, 0600, and returns when its content is on the disk. */
export async function createDurably(fileSystem: FileSystemPort, path: string, bytes: Uint8Array): Promise<void> {
  const file = await fileSystem.create(path, 0o600);
  try {
    await file.write(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Writes aside, flushes, and puts the result in place in one step; then flushes the name too. */
export async function putInPlace(
  fileSystem: FileSystemPort,
  path: string,
  bytes: Uint8Array,
  place: "rename" | "link" = "rename",
): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    await createDurably(fileSystem, temporary, bytes);
    await fileSystem[place](temporary, path);
    if (place === "link") await fileSystem.remove(temporary);
  } catch (error) {
    await fileSystem.remove(temporary).catch(() => undefined); // the first failure is the one to report
    throw error;
  }
  await fileSystem.syncDirectory(dirname(path));
}

export interface WriteFileOptions {
  /** @default the real file system */
  readonly fileSystem?: FileSystemPort;
  /** Leave a file that is there already alone. @default false */
  readonly onlyIfAbsent?: boolean;
}

/**
 * Writes a whole file that isn't a document of a store, e.g. one that people edit: 0600, in a folder that is created
 * 0700 if need be. Readers see the old content or the new one; it is durable when the promise resolves.
 * @returns false when `onlyIfAbsent` was asked for and the file was there; nothing was changed then.
 * @throws {StoreError} `io`.
 */
export async function writeFileAtomically(
  path: string,
  content: string | Uint8Array,
  options: WriteFileOptions = {},
): Promise<boolean> {
  const { fileSystem = nodeFileSystem, onlyIfAbsent = false } = options;
  try {
    await fileSystem.makeDirectory(dirname(path), 0o700);
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await putInPlace(fileSystem, path, bytes, onlyIfAbsent ? "link" : "rename");
    return true;
  } catch (error) {
    if (onlyIfAbsent && systemCode(error) === "EEXIST") return false;
    throw asStoreError(error, `Writing ${path}`, path);
  }
}
