/** Functions that want to hear of something. One that throws disturbs neither the others nor the client. */
export class Listeners<T> {
  readonly #listeners = new Set<(value: T) => void>();

  /** The returned function ends it. The same function may be added more than once. */
  add(listener: (value: T) => void): () => void {
    const own = (value: T): void => listener(value);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  tell(value: T): void {
    const listening = [...this.#listeners]; // as they are now: one of them may add or end others
    for (const listener of listening) {
      try {
        listener(value);
      } catch (error) {
        // The platform reports it as what it is: an exception that nobody caught.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
