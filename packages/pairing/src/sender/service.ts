import type { SyncEd25519Engine } from "@saltgate/identity";
import type { DocumentStore } from "@saltgate/store";
import { senderDocumentShapes } from "./documents.ts";
import type { AllowedChange, SenderApproved, SenderPairingEvent, SenderPairingOutcomes } from "./events.ts";
import { defaultSenderPairingLimits, type SenderPairingLimits } from "./limits.ts";
import type { SenderRequest } from "./records.ts";
import { senderPairing } from "./reducer.ts";
import { mintSenderCode } from "./sender-code.ts";
import { SenderDocuments } from "./sender-documents.ts";
import { type SenderScope, senderFiles } from "./sender-files.ts";
import { normalizeSenderId } from "./sender-id.ts";

export interface SenderPairingOptions {
  /** Where the files stand; their names are `credentials/...`. */
  readonly store: DocumentStore;
  /** Hashes and randomness; `nativeEngine` of `@saltgate/identity/node`. */
  readonly engine: Pick<SyncEd25519Engine, "sha256" | "randomBytes">;
  /** @default {@link defaultSenderPairingLimits} */
  readonly limits?: Partial<SenderPairingLimits>;
  /** Current time in milliseconds since the epoch. @default Date.now */
  readonly now?: () => number;
}

/** How often a code is made again because a live one is the same. */
const maxCodeAttempts = 500;

/**
 * Who may write to the bot, over two documents per account of a channel. Everything is decided on what is on disk at
 * that moment, so that what the command line approves holds for the next message.
 */
export class SenderPairing {
  readonly #options: SenderPairingOptions;
  readonly #limits: SenderPairingLimits;
  readonly #now: () => number;
  readonly #accounts = new Map<string, SenderDocuments>();

  private constructor(options: SenderPairingOptions) {
    this.#options = options;
    this.#limits = { ...defaultSenderPairingLimits, ...options.limits };
    this.#now = options.now ?? Date.now;
  }

  /** Opens sender pairing on a store. Files are read when their channel is asked about. */
  static open(options: SenderPairingOptions): Promise<SenderPairing> {
    return Promise.resolve(new SenderPairing(options));
  }

  /**
   * An unknown sender has written. `created`: tell it its code, with `pairingReply`; never otherwise. An empty code means
   * that nothing was noted: too many wait already, or the id names nobody.
   * @throws {StoreError} when a file is damaged: nobody waits and nobody is let in then.
   */
  async upsert(
    sender: SenderScope & { readonly id: string; readonly meta?: Readonly<Record<string, string>> | undefined },
  ): Promise<{ readonly code: string; readonly created: boolean }> {
    const id = normalizeSenderId(sender.channel, sender.id);
    for (let attempt = 0; attempt < maxCodeAttempts; attempt += 1) {
      const freshCode = mintSenderCode(this.#options.engine.randomBytes);
      const outcome = await this.#change(sender, { type: "upsert", id, meta: sender.meta, freshCode });
      if (outcome.type === "requested") return { code: outcome.request.code, created: outcome.created };
      if (outcome.reason !== "code-taken") return { code: "", created: false };
    }
    throw new Error(`No fresh pairing code was found in ${maxCodeAttempts} tries: is the source of randomness broken?`);
  }

  /** Who waits on an account, oldest first. */
  async list(account: SenderScope): Promise<readonly SenderRequest[]> {
    return (await this.#change(account, { type: "list" })).requests;
  }

  /** Lets the sender in that was told this code; `undefined` when the code is unknown, used or over. */
  async approve(order: SenderScope & { readonly code: string }): Promise<Omit<SenderApproved, "type"> | undefined> {
    const outcome = await this.#change(order, { type: "approve", code: order.code });
    return outcome.type === "approved" ? { id: outcome.id, request: outcome.request } : undefined;
  }

  /** Lets a sender in without a code. */
  addAllow(order: SenderScope & { readonly id: string }): Promise<Omit<AllowedChange, "type">> {
    return this.#changeAllowed("allow", order);
  }

  /** Takes a sender off the list. */
  removeAllow(order: SenderScope & { readonly id: string }): Promise<Omit<AllowedChange, "type">> {
    return this.#changeAllowed("disallow", order);
  }

  /** Ids of whom the owner has let in here, for direct messages alone: groups have lists of their own (rule R-41). */
  readAllow(account: SenderScope): Promise<readonly string[]> {
    return this.#documents(account).readAllow();
  }

  async #changeAllowed(
    type: "allow" | "disallow",
    order: SenderScope & { readonly id: string },
  ): Promise<Omit<AllowedChange, "type">> {
    const id = normalizeSenderId(order.channel, order.id);
    const { changed, allowFrom } = await this.#change(order, { type, id });
    return { changed, allowFrom };
  }

  #change<Event extends SenderPairingEvent>(
    account: SenderScope,
    event: Event,
  ): Promise<SenderPairingOutcomes[Event["type"]]> {
    return this.#documents(account).update((state) => senderPairing(state, event, this.#now(), this.#limits));
  }

  #documents(account: SenderScope): SenderDocuments {
    const { store, engine } = this.#options;
    const files = senderFiles(account, engine.sha256);
    const key = files.pending;
    const known = this.#accounts.get(key);
    if (known !== undefined) return known;
    const shapes = senderDocumentShapes(account.channel);
    const documents = new SenderDocuments(
      store.document(files.pending, shapes.pending),
      store.document(files.allowFrom, shapes.allowFrom),
    );
    this.#accounts.set(key, documents);
    return documents;
  }
}
