import { digestSecret, mintSecret, type SecretDigest, type SyncEd25519Engine } from "@saltgate/identity";
import type { StateDocument } from "@saltgate/store";
import type { Caller } from "../authority.ts";
import { PairingBook } from "../pairing-book.ts";
import { PairingDocuments } from "../pairing-documents.ts";
import { own } from "../rows.ts";
import { uuidOf } from "../uuid.ts";
import type {
  AdmitEvent,
  Admitted,
  DevicePairingEvent,
  DevicePairingOutcomes,
  PairingRequired,
  Refused,
} from "./events.ts";
import { type DevicePairingLimits, defaultDevicePairingLimits } from "./limits.ts";
import { type DeviceList, listDevices } from "./list.ts";
import { noticesBetween, noticesOf, type PairingNotice } from "./notices.ts";
import type { PairedDevice, PairedDevices, PendingDevice, PendingDevices } from "./records.ts";
import { devicePairing } from "./reducer.ts";
import { deviceApprovals } from "./settlement.ts";
import { checkDeviceToken, type TokenCheck } from "./tokens.ts";

export interface DevicePairingOptions {
  /** `devices/pending`, opened with the shape of `deviceDocumentShapes`. */
  readonly pending: StateDocument<PendingDevices>;
  /** `devices/paired`, opened with the shape of `deviceDocumentShapes`. */
  readonly paired: StateDocument<PairedDevices>;
  /** Hashes and randomness; `nativeEngine` of `@saltgate/identity/node`. */
  readonly engine: Pick<SyncEd25519Engine, "sha256" | "randomBytes">;
  /** @default {@link defaultDevicePairingLimits} */
  readonly limits?: Partial<DevicePairingLimits>;
  /** Hears what changed, after it is durable and before the answer. A rejection fails the call that caused it. */
  readonly listener?: (notice: PairingNotice) => void | Promise<void>;
  /** Current time in milliseconds since the epoch. @default Date.now */
  readonly now?: () => number;
}

/** A device that has proven its key (`verifyConnectProof`) asks to come in. */
export interface AdmitRequest extends Omit<AdmitEvent, "type" | "presented" | "requestId" | "freshToken"> {
  /** Every secret it presented that may be a device token, as sent. */
  readonly presentedTokens: readonly string[];
}

/** Stands for a token that isn't there yet. It is the digest of nothing that anybody can present. */
const unminted: SecretDigest = `sha256:${"0".repeat(64)}`;

/** Like the reducer's outcome, with the secret of a token that was issued. It is nowhere else: send it, don't log it. */
export type AdmitResult = (Admitted & { readonly deviceToken?: string }) | PairingRequired | Refused;

type AnyOutcome = DevicePairingOutcomes[keyof DevicePairingOutcomes];
type Book = PairingBook<PendingDevice, PairedDevice, AnyOutcome, PairingNotice>;

/**
 * Device pairing over two documents. A known device is let in from memory, without reading or writing; everything else
 * decides on what is on disk at that moment, and is durable before it is answered. Several processes may do this on the
 * same files.
 */
export class DevicePairing {
  readonly #book: Book;
  readonly #engine: DevicePairingOptions["engine"];
  readonly #limits: DevicePairingLimits;
  readonly #now: () => number;
  readonly #uses = new Map<string, { deviceId: string; role: string; atMs: number }>();

  private constructor(book: Book, options: DevicePairingOptions, now: () => number) {
    this.#book = book;
    this.#engine = options.engine;
    this.#limits = { ...defaultDevicePairingLimits, ...options.limits };
    this.#now = now;
  }

  /** Opens both files and finishes what a crash left behind. @throws {StoreError} when one of them is damaged */
  static async open(options: DevicePairingOptions): Promise<DevicePairing> {
    const now = options.now ?? Date.now;
    const book = await PairingBook.open(new PairingDocuments(options.pending, options.paired, deviceApprovals), {
      noticesBetween: (before, after) => noticesBetween(before, after, now()),
      listener: options.listener,
    });
    return new DevicePairing(book, options, now);
  }

  /** Decides whether a device may come in, and with which scopes. */
  async admit(request: AdmitRequest): Promise<AdmitResult> {
    const { presentedTokens, ...asked } = request;
    const { randomBytes, sha256 } = this.#engine;
    const presented = presentedTokens.map((token) => digestSecret(sha256, token));
    // Most connects mint nothing. Memory answers only what changes nothing, so this digest is never stored.
    const event: AdmitEvent = { ...asked, type: "admit", presented, requestId: "", freshToken: unminted };
    let secret: string | undefined;
    let outcome: DevicePairingOutcomes["admit"] | undefined = this.#admitFromMemory(event);
    if (outcome === undefined) {
      secret = mintSecret(randomBytes);
      const freshToken = digestSecret(sha256, secret);
      outcome = await this.#change({ ...event, requestId: uuidOf(randomBytes(16)), freshToken });
    }
    if (outcome.type !== "admitted") return outcome;
    if (outcome.isTokenUsed) {
      const { deviceId, role } = event;
      this.#uses.set(`${role} ${deviceId}`, { deviceId, role, atMs: this.#now() });
    }
    return outcome.isTokenIssued && secret !== undefined ? { ...outcome, deviceToken: secret } : outcome;
  }

  /** Whether a presented device token counts now. `admit` checks it again: this is for deciding who is asking. */
  async checkToken(device: {
    readonly deviceId: string;
    readonly publicKey: string;
    readonly role: string;
    readonly presentedTokens: readonly string[];
  }): Promise<TokenCheck> {
    const { paired } = await this.#book.current();
    const row = own(paired, device.deviceId);
    const presented = device.presentedTokens.map((token) => digestSecret(this.#engine.sha256, token));
    const known = row?.publicKey === device.publicKey ? row : undefined;
    return checkDeviceToken(known, device.role, presented, this.#now());
  }

  approve(order: {
    readonly requestId: string;
    readonly caller: Caller;
    readonly grantScopes?: readonly string[] | undefined;
  }): Promise<DevicePairingOutcomes["approve"]> {
    return this.#change({ type: "approve", ...order });
  }

  reject(order: { readonly requestId: string; readonly caller: Caller }): Promise<DevicePairingOutcomes["reject"]> {
    return this.#change({ type: "reject", ...order });
  }

  rotate(order: {
    readonly deviceId: string;
    readonly role: string;
    readonly caller: Caller;
    readonly scopes?: readonly string[] | undefined;
  }): Promise<DevicePairingOutcomes["rotate"]> {
    return this.#change({ type: "rotate", ...order });
  }

  revoke(order: {
    readonly deviceId: string;
    readonly role: string;
    readonly caller: Caller;
  }): Promise<DevicePairingOutcomes["revoke"]> {
    return this.#change({ type: "revoke", ...order });
  }

  remove(order: { readonly deviceId: string; readonly caller: Caller }): Promise<DevicePairingOutcomes["remove"]> {
    return this.#change({ type: "remove", ...order });
  }

  rename(order: {
    readonly deviceId: string;
    readonly displayName: string;
    readonly caller: Caller;
  }): Promise<DevicePairingOutcomes["rename"]> {
    return this.#change({ type: "rename", ...order });
  }

  /** Who waits and who is paired, newest first, without secrets and digests. */
  async list(): Promise<DeviceList> {
    const state = await this.#book.current();
    const uses = { type: "touch", uses: [...this.#uses.values()] } as const;
    return listDevices(devicePairing(state, uses, this.#now(), this.#limits).state);
  }

  /**
   * Reads both files again, and tells the listener about connections that have lost their ground. Happens by itself
   * before the next answer where the store reports changes; call it as soon as you learn of one, so that a revocation
   * by another process ends live connections without waiting for that answer.
   */
  refresh(): Promise<void> {
    return this.#book.refresh();
  }

  /**
   * Writes down when tokens were last used. Call it every minute or so, and before exit: a crash loses the times since
   * the last call, and nothing else.
   */
  async flush(): Promise<void> {
    const uses = [...this.#uses.values()];
    if (uses.length === 0) return;
    await this.#change({ type: "touch", uses });
    for (const use of uses) {
      const key = `${use.role} ${use.deviceId}`;
      if (this.#uses.get(key) === use) this.#uses.delete(key);
    }
  }

  /** Flushes, and stops listening to the documents. */
  async close(): Promise<void> {
    this.#book.stop();
    await this.flush();
  }

  /** A device that is known and changes nothing needs no disk. Everything else is decided on what is there now. */
  #admitFromMemory(event: AdmitEvent): Admitted | undefined {
    const view = this.#book.fresh;
    if (view === undefined) return undefined;
    const { state, outcome } = devicePairing(view, event, this.#now(), this.#limits);
    return outcome.type === "admitted" && state === view ? outcome : undefined;
  }

  #change<Event extends DevicePairingEvent>(event: Event): Promise<DevicePairingOutcomes[Event["type"]]> {
    let nowMs = 0;
    return this.#book.change<DevicePairingOutcomes[Event["type"]]>(
      (state) => {
        nowMs = this.#now();
        return devicePairing(state, event, nowMs, this.#limits);
      },
      (outcome) => noticesOf(outcome, event.type === "admit" ? event : undefined, nowMs),
    );
  }
}
