/** How many invocations run and wait at once. */
export interface LaneLimits {
  /** Running, of all commands together. */
  readonly maxRunning: number;
  /** Waiting for a place. */
  readonly maxWaiting: number;
}

interface Waiter {
  readonly name: string;
  readonly max: number;
  readonly enter: () => void;
}

/**
 * Places for running commands: some for all together, some for each. Who finds none waits in line; a full line turns
 * away. A command whose own places are taken doesn't hold up those behind it.
 */
export class Lanes {
  readonly #limits: LaneLimits;
  readonly #running = new Map<string, number>();
  readonly #waiting: Waiter[] = [];
  #total = 0;

  constructor(limits: LaneLimits) {
    this.#limits = limits;
  }

  get running(): number {
    return this.#total;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Takes a place, waits for one, or gives `undefined` because the line is full. `leave` ends the waiting too. */
  enter(name: string, max: number): { readonly entered: Promise<void>; readonly leave: () => void } | undefined {
    if (this.#hasPlace(name, max)) {
      this.#take(name);
      return { entered: Promise.resolve(), leave: once(() => this.#release(name)) };
    }
    if (this.#waiting.length >= this.#limits.maxWaiting) return undefined;
    let isIn = false;
    let enter = (): void => {};
    const entered = new Promise<void>((resolve) => {
      enter = () => {
        isIn = true;
        resolve();
      };
    });
    const waiter: Waiter = { name, max, enter };
    this.#waiting.push(waiter);
    const leave = once(() => {
      if (isIn) return this.#release(name);
      const at = this.#waiting.indexOf(waiter);
      if (at !== -1) this.#waiting.splice(at, 1);
    });
    return { entered, leave };
  }

  #hasPlace(name: string, max: number): boolean {
    return this.#total < this.#limits.maxRunning && (this.#running.get(name) ?? 0) < max;
  }

  #take(name: string): void {
    this.#total += 1;
    this.#running.set(name, (this.#running.get(name) ?? 0) + 1);
  }

  #release(name: string): void {
    this.#total -= 1;
    const left = (this.#running.get(name) ?? 1) - 1;
    if (left === 0) this.#running.delete(name);
    else this.#running.set(name, left);
    for (;;) {
      const at = this.#waiting.findIndex((waiter) => this.#hasPlace(waiter.name, waiter.max));
      const [next] = at === -1 ? [] : this.#waiting.splice(at, 1);
      if (next === undefined) return;
      this.#take(next.name);
      next.enter();
    }
  }
}

function once(action: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    action();
  };
}
