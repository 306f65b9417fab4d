import type { ResponseFrame } from "@saltgate/protocol";
import type { ClientClock } from "./clock.ts";
import { type Deferred, deferred } from "./deferred.ts";
import { ClientError, GatewayError } from "./errors.ts";

interface Pending {
  readonly method: string;
  readonly answer: Deferred<unknown>;
  readonly settle: () => void;
}

/** How one request is waited for. */
export interface Waiting {
  /** Milliseconds; 0 for as long as it takes. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** The requests of one connection that wait for their answers. Never more than `max`. */
export class PendingRequests {
  readonly #pending = new Map<string, Pending>();
  readonly #max: number;
  readonly #clock: ClientClock;

  constructor(max: number, clock: ClientClock) {
    this.#max = max;
    this.#clock = clock;
  }

  /** @throws {ClientError} TOO_MANY_REQUESTS, ABORTED */
  add(id: string, method: string, waiting: Waiting): Promise<unknown> {
    const { timeoutMs, signal } = waiting;
    if (signal?.aborted) throw aborted(method, signal);
    if (this.#pending.size >= this.#max)
      throw new ClientError(
        "TOO_MANY_REQUESTS",
        `${this.#max} requests wait for their answers already; let some come back first`,
      );
    const answer = deferred<unknown>();
    const stopTimer =
      timeoutMs === 0
        ? undefined
        : this.#clock.after(timeoutMs, () =>
            this.#fail(
              id,
              new ClientError(
                "REQUEST_TIMEOUT",
                `${method} got no answer within ${timeoutMs} ms; the gateway may still carry it out`,
              ),
            ),
          );
    const onAbort = (): void => this.#fail(id, aborted(method, signal));
    signal?.addEventListener("abort", onAbort, { once: true });
    const settle = (): void => {
      stopTimer?.();
      signal?.removeEventListener("abort", onAbort);
      this.#pending.delete(id);
    };
    this.#pending.set(id, { method, answer, settle });
    return answer.promise;
  }

  /** Hands an answer to whoever waits for it; nobody may, when it was given up. */
  answer(frame: ResponseFrame): void {
    const pending = this.#pending.get(frame.id);
    if (pending === undefined) return;
    pending.settle();
    if (frame.ok) return pending.answer.resolve(frame.payload);
    pending.answer.reject(
      frame.error === undefined
        ? new ClientError("BAD_RESPONSE", `${pending.method} failed, and the gateway didn't say why`)
        : new GatewayError(pending.method, frame.error),
    );
  }

  /** Ends a request whose answer could not be read. */
  garbled(id: string): void {
    const method = this.#pending.get(id)?.method ?? "";
    this.#fail(id, new ClientError("BAD_RESPONSE", `the answer to ${method} is no response frame`));
  }

  /** Ends everything that waits: its answers can't come any more. */
  failAll(error: ClientError): void {
    const ids = [...this.#pending.keys()];
    for (const id of ids) this.#fail(id, error);
  }

  #fail(id: string, error: ClientError): void {
    const pending = this.#pending.get(id);
    pending?.settle();
    pending?.answer.reject(error);
  }
}

function aborted(method: string, signal: AbortSignal | undefined): ClientError {
  return new ClientError("ABORTED", `${method} was aborted`, { cause: signal?.reason });
}
