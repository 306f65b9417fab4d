import { type StateDocument, StoreError, StoreErrorCode } from "@saltgate/store";
import type { DevicePairingOutcomes, Transition } from "./device-events.ts";
import { type DevicePairingState, own, type PairedDevices, type PendingDevices, without } from "./device-records.ts";
import { settledPaired } from "./device-settlement.ts";

/** How often an update is decided again because another process wrote first. */
const maxAttempts = 100;

type Outcome = DevicePairingOutcomes[keyof DevicePairingOutcomes];

interface Loaded {
  readonly state: DevicePairingState;
  readonly pairedRevision: string;
  readonly pendingRevision: string;
}

/** `pending.json` and `paired.json` as one state: read together, changed together, whole after any crash. */
export class PairingDocuments {
  readonly #pending: StateDocument<PendingDevices>;
  readonly #paired: StateDocument<PairedDevices>;

  constructor(pending: StateDocument<PendingDevices>, paired: StateDocument<PairedDevices>) {
    this.#pending = pending;
    this.#paired = paired;
  }

  /** Both files as they are. Paired first: a mark that is read after it was still to be carried out by then. */
  async read(): Promise<Loaded> {
    const paired = await this.#paired.read();
    const pending = await this.#pending.read();
    return {
      state: { pending: pending.value, paired: paired.value },
      pairedRevision: paired.revision,
      pendingRevision: pending.revision,
    };
  }

  /** Both files, after carrying out what approvals a crash left behind. */
  async readSettled(): Promise<Loaded> {
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const loaded = await this.read();
      const { pending, paired } = loaded.state;
      const marked = Object.values(pending).filter(({ approval }) => approval !== undefined);
      if (marked.length === 0) return loaded;
      const next = settledPaired(loaded.state);
      if (next !== paired && !(await this.#paired.replace(next, loaded.pairedRevision))) continue;
      const ids = marked.map(({ requestId }) => requestId);
      await this.#pending.replace(without(pending, ids), loaded.pendingRevision);
    }
    throw busy();
  }

  /**
   * Decides on the current state and makes the result durable; decides again when somebody else wrote first.
   * @returns the state before and after, and the outcome, which is true on disk by then.
   */
  async update<O extends Outcome>(
    decide: (state: DevicePairingState) => Transition<DevicePairingState, O>,
    onRead: (state: DevicePairingState) => Promise<void>,
  ): Promise<Transition<DevicePairingState, O>> {
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const { state: before, pairedRevision, pendingRevision } = await this.readSettled();
      await onRead(before);
      const transition = decide(before);
      const { state: after, outcome } = transition;
      const pending = outcome.type === "approved" ? marked(before, after, outcome) : after.pending;
      // Pending first: if the second write doesn't come, a request is lost that its device will repeat, and nobody got in.
      if (pending !== before.pending && !(await this.#pending.replace(pending, pendingRevision))) continue;
      if (outcome.type === "approved") {
        await this.readSettled();
        return transition;
      }
      if (after.paired !== before.paired && !(await this.#paired.replace(after.paired, pairedRevision))) continue;
      return transition;
    }
    throw busy();
  }

  /** Calls `listener` when either file changed, as far as its store can tell. @returns stops listening */
  changed(listener: () => void): () => void {
    const stops = [this.#pending.changed?.(listener), this.#paired.changed?.(listener)];
    return () => {
      for (const stop of stops) stop?.();
    };
  }
}

/** The requests, with the approved one marked instead of gone. */
function marked(
  before: DevicePairingState,
  after: DevicePairingState,
  outcome: DevicePairingOutcomes["approve"] & { readonly type: "approved" },
): PendingDevices {
  const request = own(before.pending, outcome.requestId);
  if (request === undefined) return after.pending;
  const approval = { scopes: outcome.grantedScopes, atMs: outcome.device.approvedAtMs };
  return { ...after.pending, [outcome.requestId]: { ...request, approval } };
}

function busy(): StoreError {
  return new StoreError(
    StoreErrorCode.Busy,
    `Other processes changed the paired devices ${maxAttempts} times while this change was being made. Try again.`,
  );
}
