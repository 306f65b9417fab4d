import { type StateDocument, StoreError, StoreErrorCode } from "@saltgate/store";
import { type ApprovalRules, markedIn, type PairingState, type PendingRow, settled } from "./pairing-state.ts";
import { own, type Rows } from "./rows.ts";
import type { Transition } from "./transition.ts";

/** How often an update is decided again because another process wrote first. */
const maxAttempts = 100;

interface Loaded<Pending extends PendingRow, Paired> {
  readonly state: PairingState<Pending, Paired>;
  readonly pairedRevision: string;
  readonly pendingRevision: string;
}

/** A pending and a paired file as one state: read together, changed together, whole after any crash. */
export class PairingDocuments<Pending extends PendingRow, Paired, Outcome> {
  readonly #pending: StateDocument<Rows<Pending>>;
  readonly #paired: StateDocument<Rows<Paired>>;
  readonly #rules: ApprovalRules<Pending, Paired, Outcome>;

  constructor(
    pending: StateDocument<Rows<Pending>>,
    paired: StateDocument<Rows<Paired>>,
    rules: ApprovalRules<Pending, Paired, Outcome>,
  ) {
    this.#pending = pending;
    this.#paired = paired;
    this.#rules = rules;
  }

  /** Both files as they mean together, whether or not what a crash left behind was carried out. */
  async read(): Promise<PairingState<Pending, Paired>> {
    const { state } = await this.#load();
    return settled(state, this.#rules);
  }

  /** Both files, after carrying out what approvals a crash left behind. */
  async readSettled(): Promise<Loaded<Pending, Paired>> {
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const loaded = await this.#load();
      if (markedIn(loaded.state.pending).length === 0) return loaded;
      const { pending, paired } = settled(loaded.state, this.#rules);
      if (paired !== loaded.state.paired && !(await this.#paired.replace(paired, loaded.pairedRevision))) continue;
      await this.#pending.replace(pending, loaded.pendingRevision);
    }
    throw busy();
  }

  /**
   * Decides on the current state and makes the result durable; decides again when somebody else wrote first.
   * @returns the state after, and the outcome, which is true on disk by then.
   */
  async update<O extends Outcome>(
    decide: (state: PairingState<Pending, Paired>) => Transition<PairingState<Pending, Paired>, O>,
    onRead: (state: PairingState<Pending, Paired>) => Promise<void>,
  ): Promise<Transition<PairingState<Pending, Paired>, O>> {
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const { state: before, pairedRevision, pendingRevision } = await this.readSettled();
      await onRead(before);
      const transition = decide(before);
      const { state: after, outcome } = transition;
      const mark = this.#rules.markOf(outcome);
      const request = mark && own(before.pending, mark.requestId);
      const isApproval = mark !== undefined && request !== undefined;
      // The approved request is marked instead of gone.
      const pending = isApproval
        ? { ...after.pending, [mark.requestId]: { ...request, approval: mark.approval } }
        : after.pending;
      // Pending first: if the second write doesn't come, a request is lost that will be repeated, and nobody got in.
      if (pending !== before.pending && !(await this.#pending.replace(pending, pendingRevision))) continue;
      if (isApproval) {
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

  /**
   * Both files as they were at one moment: when the pending one was read, between two equal readings of the paired one.
   * A request that was carried out in between would otherwise be in neither, and an order that finds nothing to do would
   * be answered as done.
   */
  async #load(): Promise<Loaded<Pending, Paired>> {
    let paired = await this.#paired.read();
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const pending = await this.#pending.read();
      const again = await this.#paired.read();
      if (again.revision === paired.revision) {
        return {
          state: { pending: pending.value, paired: paired.value },
          pairedRevision: paired.revision,
          pendingRevision: pending.revision,
        };
      }
      paired = again;
    }
    throw busy();
  }
}

function busy(): StoreError {
  return new StoreError(
    StoreErrorCode.Busy,
    `Other processes changed what is paired ${maxAttempts} times while this change was being made. Try again.`,
  );
}
