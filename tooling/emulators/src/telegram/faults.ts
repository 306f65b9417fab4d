/** How a call goes wrong. */
export type FaultKind =
  /** 429 with `retryAfterS`. */
  | "rate"
  /** 409, as when another program polls. */
  | "conflict"
  /** 401: the token was revoked. */
  | "unauthorized"
  /** 502 before anything was done. */
  | "error-before"
  /** 502 although it was done. */
  | "error-after"
  /** The connection is cut before anything was done. */
  | "cut-before"
  /** The connection is cut although it was done. */
  | "cut-after"
  /** It is taken and never answered, and nothing is done. */
  | "silent"
  /** It is done and never answered. */
  | "silent-after"
  /** Answered when {@link FaultPlan.release} is called, and done then. */
  | "held"
  /** A 400 with `description`. */
  | "refused";

/** What is to go wrong, and how often. */
export interface Fault {
  readonly kind: FaultKind;
  /** Of which method; absent: of any. */
  readonly method?: string;
  /** @default 1 */
  readonly times?: number;
  /** Calls that go well before it begins. @default 0 */
  readonly after?: number;
  readonly retryAfterS?: number;
  readonly description?: string;
}

/** Faults that wait for their calls. */
export class FaultPlan {
  #planned: { readonly fault: Fault; skip: number; left: number }[] = [];
  #held: { readonly method: string; readonly go: () => void }[] = [];

  add(fault: Fault): void {
    this.#planned.push({ fault, skip: fault.after ?? 0, left: fault.times ?? 1 });
  }

  clear(): void {
    this.#planned = [];
    this.release();
  }

  /** How many calls are still to go wrong. */
  get left(): number {
    return this.#planned.reduce((sum, { left }) => sum + left, 0);
  }

  /** The fault of this call, if it has one. */
  take(method: string): Fault | undefined {
    for (const plan of this.#planned) {
      if (plan.fault.method !== undefined && plan.fault.method.toLowerCase() !== method.toLowerCase()) continue;
      if (plan.left === 0) continue;
      if (plan.skip > 0) {
        plan.skip -= 1;
        continue;
      }
      plan.left -= 1;
      return plan.fault;
    }
    return undefined;
  }

  /** Resolves when it is released. */
  hold(method: string): Promise<void> {
    return new Promise((go) => this.#held.push({ method, go }));
  }

  /** Lets held calls go: all, or those of one method. */
  release(method?: string): void {
    const going = this.#held.filter((one) => method === undefined || one.method === method);
    this.#held = this.#held.filter((one) => !going.includes(one));
    for (const { go } of going) go();
  }
}
