import type { ApprovalsFile } from "@saltgate/protocol";
import { mapEntries } from "./approvals-document.ts";

/** That an entry let something run. */
export interface AllowlistUse {
  readonly agentId: string | null;
  readonly entryId: string;
  /** As the owner would be shown it; kept up to a bounded length. */
  readonly command: string;
  /** The real path of the program. */
  readonly resolvedPath: string;
}

interface NotedUse extends AllowlistUse {
  readonly atMs: number;
}

/** Longest command text that is kept beside an entry, in characters. */
const maxNotedChars = 256;
/** Uses that may wait for their write; entries beyond it aren't noted. */
const maxNotedUses = 1_000;

/** The last use of each entry, until it is written. */
export class NotedUses {
  readonly #uses = new Map<string, NotedUse>();

  get isEmpty(): boolean {
    return this.#uses.size === 0;
  }

  add(use: AllowlistUse, nowMs: number): void {
    if (use.entryId === "" || (!this.#uses.has(use.entryId) && this.#uses.size >= maxNotedUses)) return;
    this.#uses.set(use.entryId, { ...use, atMs: nowMs });
  }

  /** Whether any of them belongs to an entry of the file. When none does, their entries are gone, and so are they. */
  concern(file: ApprovalsFile): boolean {
    let isAny = false;
    mapEntries(file, (entry) => {
      isAny ||= this.#uses.has(entry.id ?? "");
      return entry;
    });
    if (!isAny) this.#uses.clear();
    return isAny;
  }

  /** The file with them in it; call `done` once it is on the disk. */
  writtenInto(file: ApprovalsFile): { readonly file: ApprovalsFile; readonly done: () => void } {
    const uses = new Map(this.#uses);
    const noted = mapEntries(file, (entry, owner) => {
      const use = uses.get(entry.id ?? "");
      if (use === undefined || (owner !== "*" && owner !== use.agentId)) return entry;
      const command = use.command.slice(0, maxNotedChars);
      return { ...entry, lastUsedAt: use.atMs, lastUsedCommand: command, lastResolvedPath: use.resolvedPath };
    });
    return {
      file: noted,
      done: () => {
        // One that came meanwhile waits for the next write.
        for (const [id, use] of uses) if (this.#uses.get(id) === use) this.#uses.delete(id);
      },
    };
  }
}
