import { randomBytes } from "node:crypto";
import { link, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** `keep-existing`: never over another file. `replace`: instead of it. */
export type WriteMode = "keep-existing" | "replace";

/**
 * Writes a file of mode 0600 whole or not at all, and flushes it; missing folders get mode 0700.
 * @returns `false` when `keep-existing` found a file.
 */
export async function writePrivateFile(file: string, text: string, mode: WriteMode): Promise<boolean> {
  const temporary = `${file}.${randomBytes(8).toString("hex")}.tmp`;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  try {
    const handle = await open(temporary, "wx", 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    // A hard link appears with its content or not at all, and never over another file.
    if (mode === "keep-existing") await link(temporary, file);
    else await rename(temporary, file);
    await syncFolder(dirname(file));
    return true;
  } catch (cause) {
    if (mode === "keep-existing" && isCode(cause, "EEXIST")) return false;
    throw cause;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Whether a caught value is the system error `code`. */
export function isCode(cause: unknown, code: string): boolean {
  return cause instanceof Error && "code" in cause && cause.code === code;
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
