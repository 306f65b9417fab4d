import { ClientError } from "@saltgate/client";
import type { NodeLog } from "./log.ts";
import { fitting, type Outcome } from "./outcome.ts";
import { ResultShelf, type ShelfLimits } from "./result-shelf.ts";

/** Sends a request to the gateway. */
export type Send = (
  method: "node.invoke.result" | "node.invoke.progress" | "node.event",
  params: object,
) => Promise<unknown>;

/** What delivers answers. */
export interface AnswersOptions {
  readonly nodeId: string;
  readonly send: Send;
  readonly now: () => number;
  readonly shelf: ShelfLimits;
  readonly log: NodeLog;
}

/** Failures after which the answer may still be wanted when the connection is back. */
const LOST: readonly string[] = ["CLOSED", "NOT_CONNECTED", "REQUEST_TIMEOUT", "TOO_MANY_REQUESTS"];

/** Delivers what came of invocations; what a lost connection kept back is delivered on the next one. */
export class Answers {
  readonly #options: AnswersOptions;
  readonly #shelf: ResultShelf;
  #maxPayloadBytes: number | undefined;

  constructor(options: AnswersOptions) {
    this.#options = options;
    this.#shelf = new ResultShelf(options.shelf);
  }

  /** How many wait for the connection to come back. */
  get waiting(): number {
    return this.#shelf.size;
  }

  /** There is a connection: what waited goes first. */
  connected(maxPayloadBytes: number): void {
    this.#maxPayloadBytes = maxPayloadBytes;
    for (const { id, outcome } of this.#shelf.takeAll(this.#options.now())) void this.deliver(id, outcome);
  }

  disconnected(): void {
    this.#maxPayloadBytes = undefined;
  }

  /** Never throws. */
  async deliver(id: string, outcome: Outcome): Promise<void> {
    const { nodeId, send, log } = this.#options;
    if (this.#maxPayloadBytes === undefined) return this.#keep(id, outcome);
    const fits = fitting(outcome, this.#maxPayloadBytes);
    const answer = fits.ok ? { ok: true, payloadJSON: fits.payloadJSON } : { ok: false, error: fits.error };
    try {
      await send("node.invoke.result", { id, nodeId, ...answer });
    } catch (error) {
      if (error instanceof ClientError && LOST.includes(error.code)) return this.#keep(id, outcome);
      log("warn", "the gateway didn't take an answer", { invocationId: id, reason: String((error as Error).message) });
    }
  }

  #keep(id: string, outcome: Outcome): void {
    for (const dropped of this.#shelf.put({ id, outcome }, this.#options.now()))
      this.#options.log("warn", "an answer could not be delivered and is not kept", { invocationId: dropped.id });
  }
}
