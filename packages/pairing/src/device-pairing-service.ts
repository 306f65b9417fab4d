import { digestSecret, mintSecret, type SecretDigest, type SyncEd25519Engine } from "@saltgate/identity";
import type { StateDocument } from "@saltgate/store";
import type {
  AdmitEvent,
  Admitted,
  Caller,
  DevicePairingEvent,
  DevicePairingOutcomes,
  PairingRequired,
  Refused,
  Transition,
} from "./device-events.ts";
import { type DevicePairingLimits, defaultDevicePairingLimits } from "./device-limits.ts";
import { type DeviceList, listDevices } from "./device-list.ts";
import { devicePairing, emptyDevicePairing } from "./device-pairing.ts";
import { type DevicePairingState, own, type PairedDevices, type PendingDevices } from "./device-records.ts";
import { settled } from "./device-settlement.ts";
import { checkDeviceToken, type TokenCheck } from "./device-tokens.ts";
import { PairingDocuments } from "./pairing-documents.ts";
import { noticesBetween, noticesOf, type PairingNotice } from "./pairing-notices.ts";

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

/**
 * Device pairing over two documents. A known device is let in from memory, without reading or writing; everything else
 * decides on what is on disk at that moment, and is durable before it is answered. Several processes may do this on the
 * same files.
 */
export class DevicePairing {
  readonly #documents: PairingDocuments;
  readonly #options: DevicePairingOptions;
  readonly #limits: DevicePairingLimits;
  readonly #now: () => number;
  readonly #uses = new Map<string, { deviceId: string; role: string; atMs: number }>();
  readonly #stop: () => void;
  #view: DevicePairingState = emptyDevicePairing;
  /** Changes that the documents reported so far. */
  #reported = 0;
  /** How many of them the view has seen; `undefined` while memory may be behind the disk. */
  #seen: number | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(options: DevicePairingOptions) {
    this.#options = options;
    this.#documents = new PairingDocuments(options.pending, options.paired);
    this.#limits = { ...defaultDevicePairingLimits, ...options.limits };
    this.#now = options.now ?? Date.now;
    this.#stop = this.#documents.changed(() => {
      this.#reported += 1;
    });
  }

  /** Opens both files and finishes what a crash left behind. @throws {StoreError} when one of them is damaged */
  static async open(options: DevicePairingOptions): Promise<DevicePairing> {
    const pairing = new DevicePairing(options);
    const { state } = await pairing.#documents.readSettled();
    pairing.#view = state;
    pairing.#seen = 0;
    return pairing;
  }

  /** Decides whether a device may come in, and with which scopes. */
  async admit(request: AdmitRequest): Promise<AdmitResult> {
    const { presentedTokens, ...asked } = request;
    const { randomBytes, sha256 } = this.#options.engine;
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
    await this.#refreshIfStale();
    const row = own(this.#view.paired, device.deviceId);
    const presented = device.presentedTokens.map((token) => digestSecret(this.#options.engine.sha256, token));
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
    await this.#refreshIfStale();
    const uses = { type: "touch", uses: [...this.#uses.values()] } as const;
    return listDevices(devicePairing(this.#view, uses, this.#now(), this.#limits).state);
  }

  /**
   * Reads both files again, and tells the listener about connections that have lost their ground. Happens by itself
   * before the next answer where the store reports changes; call it as soon as you learn of one, so that a revocation
   * by another process ends live connections without waiting for that answer.
   */
  refresh(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#refreshNow();
    });
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
    this.#stop();
    await this.flush();
  }

  /** A device that is known and changes nothing needs no disk. Everything else is decided on what is there now. */
  #admitFromMemory(event: AdmitEvent): Admitted | undefined {
    if (this.#seen !== this.#reported) return undefined;
    const { state, outcome } = devicePairing(this.#view, event, this.#now(), this.#limits);
    return outcome.type === "admitted" && state === this.#view ? outcome : undefined;
  }

  #change<Event extends DevicePairingEvent>(event: Event): Promise<DevicePairingOutcomes[Event["type"]]> {
    return this.#inTurn(async () => {
      const nowMs = this.#now();
      const reported = this.#reported;
      this.#seen = undefined;
      const { state, outcome } = await this.#documents.update<DevicePairingOutcomes[Event["type"]]>(
        (current): Transition<DevicePairingState, DevicePairingOutcomes[Event["type"]]> =>
          devicePairing(current, event, nowMs, this.#limits),
        (current) => this.#adopt(current),
      );
      this.#view = state;
      // After an approval others may have written too: the next answer reads again.
      this.#seen = outcome.type === "approved" ? undefined : reported;
      await this.#tell(noticesOf(outcome, event.type === "admit" ? event : undefined, nowMs));
      return outcome;
    });
  }

  async #refreshIfStale(): Promise<void> {
    if (this.#seen !== this.#reported) await this.refresh();
  }

  async #refreshNow(): Promise<void> {
    const reported = this.#reported;
    this.#seen = undefined;
    const { state } = await this.#documents.read();
    await this.#adopt(settled(state));
    this.#seen = reported;
  }

  /** Tells what follows from what others wrote, then takes it over: in this order, so that nothing is told never. */
  async #adopt(state: DevicePairingState): Promise<void> {
    await this.#tell(noticesBetween(this.#view, state, this.#now()));
    this.#view = state;
  }

  async #tell(notices: readonly PairingNotice[]): Promise<void> {
    for (const notice of notices) {
      await this.#options.listener?.(notice);
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work);
    this.#queue = turn.catch(() => undefined);
    return turn;
  }
}

/** A random UUID (version 4) of 16 random bytes. */
function uuidOf(bytes: Uint8Array): string {
  const hex = Array.from(bytes, (byte, at) => {
    const fixed = at === 6 ? (byte & 0x0f) | 0x40 : at === 8 ? (byte & 0x3f) | 0x80 : byte;
    return fixed.toString(16).padStart(2, "0");
  }).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
