import { type StateDocument, StoreError, StoreErrorCode } from "@saltgate/store";
import type { Transition } from "../transition.ts";
import type { SenderPairingOutcomes } from "./events.ts";
import type { AllowedSenders, PendingSenders, SenderPairingState } from "./records.ts";

/** How often an update is decided again because another process wrote first. */
const maxAttempts = 100;

/**
 * Who waits and who may write, in two files. The list of the allowed is written first: whoever dies before the request
 * is gone leaves a sender that is let in, and a code that lets the same sender in once more.
 */
export class SenderDocuments {
  readonly #pending: StateDocument<PendingSenders>;
  readonly #allowed: StateDocument<AllowedSenders>;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(pending: StateDocument<PendingSenders>, allowed: StateDocument<AllowedSenders>) {
    this.#pending = pending;
    this.#allowed = allowed;
  }

  async readAllow(): Promise<readonly string[]> {
    return (await this.#allowed.read()).value.allowFrom;
  }

  /** Decides on what is there now and makes it durable; decides again when somebody else wrote first. */
  update<O extends SenderPairingOutcomes[keyof SenderPairingOutcomes]>(
    decide: (state: SenderPairingState) => Transition<SenderPairingState, O>,
  ): Promise<O> {
    const turn = this.#queue.then(() => this.#attempt(decide));
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  async #attempt<O extends SenderPairingOutcomes[keyof SenderPairingOutcomes]>(
    decide: (state: SenderPairingState) => Transition<SenderPairingState, O>,
  ): Promise<O> {
    let durable: O | undefined;
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const pending = await this.#pending.read();
      const allowed = await this.#allowed.read();
      const before = { requests: pending.value.requests, allowFrom: allowed.value.allowFrom };
      const { state, outcome } = decide(before);
      // The sender is let in by this very order, whoever has taken its request away meanwhile: saying no would be wrong.
      if (outcome.type === "unknown-code" && durable !== undefined) return durable;
      if (state.allowFrom !== before.allowFrom) {
        const next = { ...allowed.value, allowFrom: state.allowFrom };
        if (!(await this.#allowed.replace(next, allowed.revision))) continue;
        if (outcome.type === "approved") durable = outcome;
      }
      if (state.requests === before.requests) return outcome;
      const next = { ...pending.value, requests: state.requests };
      if (await this.#pending.replace(next, pending.revision)) return outcome;
    }
    throw new StoreError(
      StoreErrorCode.Busy,
      `Other processes changed who may write ${maxAttempts} times while this change was being made. Try again.`,
    );
  }
}
