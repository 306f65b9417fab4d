import { digestSecret, mintSecret, type SyncEd25519Engine } from "@saltgate/identity";
import { type StateDocument, updateDocument } from "@saltgate/store";
import { uuidOf } from "../uuid.ts";
import type {
  CompleteInviteEvent,
  CreateInviteEvent,
  DeviceInviteEvent,
  DeviceInviteOutcomes,
  RedeemInviteEvent,
  RevokeInviteEvent,
} from "./events.ts";
import { type DeviceInviteLimits, defaultDeviceInviteLimits } from "./limits.ts";
import { type DeviceInvitesState, type InviteSummary, inviteSummary } from "./records.ts";
import { deviceInvites } from "./reducer.ts";

export interface DeviceInvitesOptions {
  /** `devices/invites`, opened with `deviceInvitesShape`. */
  readonly document: StateDocument<DeviceInvitesState>;
  /** Hashes and randomness; `nativeEngine` of `@saltgate/identity/node`. */
  readonly engine: Pick<SyncEd25519Engine, "sha256" | "randomBytes">;
  /** Life of a code, in milliseconds; at most ten minutes. @default 600_000 */
  readonly ttlMs?: number;
  /** Current time in milliseconds since the epoch. @default Date.now */
  readonly now?: () => number;
}

/** A fresh code for its owner. It is nowhere else: show it, don't log it. */
export interface InviteCode {
  readonly type: "created";
  readonly inviteId: string;
  /** 256 random bits, as 43 characters of base64url. */
  readonly code: string;
  readonly expiresAtMs: number;
}

/**
 * Setup codes over one document. Every use is decided by one write that compares and sets: of two devices that present
 * the same code at once, in whatever processes, one gets in.
 */
export class DeviceInvites {
  readonly #options: DeviceInvitesOptions;
  readonly #limits: DeviceInviteLimits;
  readonly #now: () => number;

  private constructor(options: DeviceInvitesOptions) {
    this.#options = options;
    this.#limits = { ...defaultDeviceInviteLimits, ...(options.ttlMs !== undefined && { ttlMs: options.ttlMs }) };
    this.#now = options.now ?? Date.now;
  }

  /** Opens the file. @throws {StoreError} when it is damaged */
  static async open(options: DeviceInvitesOptions): Promise<DeviceInvites> {
    await options.document.read();
    return new DeviceInvites(options);
  }

  /** Makes a code. */
  async create(
    order: Omit<CreateInviteEvent, "type" | "inviteId" | "code">,
  ): Promise<InviteCode | Exclude<DeviceInviteOutcomes["create"], { readonly type: "created" }>> {
    const { randomBytes, sha256 } = this.#options.engine;
    const code = mintSecret(randomBytes);
    const fresh = { inviteId: uuidOf(randomBytes(16)), code: digestSecret(sha256, code) };
    const outcome = await this.#change({ type: "create", ...order, ...fresh });
    if (outcome.type !== "created") return outcome;
    const { inviteId, expiresAtMs } = outcome.invite;
    return { type: "created", inviteId, code, expiresAtMs };
  }

  /** What {@link redeem} would say now. Changes nothing, so it may be asked before a device has proven its key. */
  async check(
    use: Omit<RedeemInviteEvent, "type" | "code"> & { readonly code: string },
  ): Promise<DeviceInviteOutcomes["redeem"]> {
    const code = digestSecret(this.#options.engine.sha256, use.code);
    const { value } = await this.#options.document.read();
    return deviceInvites(value, { type: "redeem", ...use, code }, this.#now(), this.#limits).outcome;
  }

  /** Whether a device that has proven its key may come in with this code, and with what. Binds the code to its key. */
  redeem(
    use: Omit<RedeemInviteEvent, "type" | "code"> & { readonly code: string },
  ): Promise<DeviceInviteOutcomes["redeem"]> {
    const code = digestSecret(this.#options.engine.sha256, use.code);
    return this.#change({ type: "redeem", ...use, code });
  }

  /** Ends an invite, because its device is paired. What came of it can be asked for an hour. */
  complete(done: Omit<CompleteInviteEvent, "type">): Promise<DeviceInviteOutcomes["complete"]> {
    return this.#change({ type: "complete", ...done });
  }

  revoke(order: Omit<RevokeInviteEvent, "type">): Promise<DeviceInviteOutcomes["revoke"]> {
    return this.#change({ type: "revoke", ...order });
  }

  /** How far an invite is; `undefined` when there is none, or it was over an hour ago. */
  async status(inviteId: string): Promise<InviteSummary | undefined> {
    return (await this.list()).find((invite) => invite.inviteId === inviteId);
  }

  /** Every invite that can be asked about, newest first, without codes and digests. */
  async list(): Promise<InviteSummary[]> {
    const nowMs = this.#now();
    const { value } = await this.#options.document.read();
    const { keepMs } = this.#limits;
    return Object.values(value)
      .filter(({ completed, expiresAtMs }) => nowMs - (completed?.atMs ?? expiresAtMs) <= keepMs)
      .map((invite) => inviteSummary(invite, nowMs))
      .sort((left, right) => right.createdAtMs - left.createdAtMs || left.inviteId.localeCompare(right.inviteId));
  }

  #change<Event extends DeviceInviteEvent>(event: Event): Promise<DeviceInviteOutcomes[Event["type"]]> {
    return updateDocument(this.#options.document, (invites) => {
      const { state, outcome } = deviceInvites(invites, event, this.#now(), this.#limits);
      return { next: state === invites ? undefined : state, result: outcome };
    });
  }
}
