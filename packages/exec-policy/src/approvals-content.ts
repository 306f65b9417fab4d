import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import type { ApprovalsFile } from "@saltgate/protocol";
import { type FileSystemPort, writeFileAtomically } from "@saltgate/store";
import { decodeApprovals, maxApprovalsFileBytes } from "./approvals-document.ts";

/** What the file is when somebody looks at it. */
export type Content =
  | { readonly state: "missing" }
  | { readonly state: "valid"; readonly hash: string; readonly file: ApprovalsFile }
  | { readonly state: "damaged"; readonly hash: string; readonly problem: string };

/** Lower-case hex SHA-256. */
export const hashOf = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

/** Copies of damaged contents that are kept. */
const maxCorruptCopies = 16;

/** Looks at the approvals file, and keeps a copy of what is damaged. */
export class ApprovalsContent {
  readonly #path: string;
  readonly #fs: FileSystemPort;
  readonly #now: () => number;

  constructor(path: string, fileSystem: FileSystemPort, now: () => number) {
    this.#path = path;
    this.#fs = fileSystem;
    this.#now = now;
  }

  /** Never throws: what can't be read is damaged. */
  async look(): Promise<Content> {
    let bytes: Uint8Array;
    try {
      const status = await this.#fs.status(this.#path);
      if (status === undefined) return { state: "missing" };
      if (status.size > maxApprovalsFileBytes) {
        return this.#damaged(undefined, `it is longer than ${maxApprovalsFileBytes} bytes`);
      }
      // Best effort, as for every file of the state folder: some mounts can't hold modes.
      if ((status.mode & 0o077) !== 0) await this.#fs.setMode(this.#path, 0o600).catch(() => undefined);
      bytes = await this.#fs.readFile(this.#path);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "ENOENT") return { state: "missing" };
      return this.#damaged(undefined, `it can't be read (${code ?? "unknown error"})`);
    }
    const decoded = decodeApprovals(bytes);
    return decoded.ok
      ? { state: "valid", hash: hashOf(bytes), file: decoded.file }
      : this.#damaged(bytes, decoded.reason);
  }

  async #damaged(bytes: Uint8Array | undefined, reason: string): Promise<Content> {
    const copy = bytes === undefined ? undefined : await this.#preserve(bytes).catch(() => undefined);
    const problem =
      `${this.#path} is damaged: ${reason}. It was left as it is${copy === undefined ? "" : ` (copy: ${copy})`}, and ` +
      "nothing may run on this host. Mend the file, or move it away to start afresh without what it allowed.";
    return { state: "damaged", hash: bytes === undefined ? "" : hashOf(bytes), problem };
  }

  /** Keeps a copy, once per damaged content. */
  async #preserve(bytes: Uint8Array): Promise<string | undefined> {
    const directory = dirname(this.#path);
    const prefix = `${basename(this.#path)}.corrupt-`;
    const copies = (await this.#fs.list(directory)).filter((name) => name.startsWith(prefix) && !name.endsWith(".tmp"));
    for (const name of copies) {
      const there = await this.#fs.readFile(join(directory, name)).catch(() => undefined);
      if (there !== undefined && Buffer.compare(there, bytes) === 0) return join(directory, name);
    }
    if (copies.length >= maxCorruptCopies) return undefined;
    const copy = `${this.#path}.corrupt-${this.#now()}`;
    return (await writeFileAtomically(copy, bytes, { fileSystem: this.#fs, onlyIfAbsent: true })) ? copy : undefined;
  }
}
