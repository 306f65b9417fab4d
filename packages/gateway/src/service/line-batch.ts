/**
 * Collects lines and writes them together: a system call for each would cost more than what the line tells of. A line
 * waits for the end of its turn of the event loop, or, soon after others were written, until `pauseMs` have passed.
 */
export class LineBatch {
  readonly #write: (text: string) => void;
  readonly #pauseMs: number;
  #waiting = "";
  /** Whether somebody will flush. */
  #isDue = false;
  #isPausing = false;

  /** @param pauseMs how long it is silent after it has written, in milliseconds */
  constructor(write: (text: string) => void, pauseMs = 0) {
    this.#write = write;
    this.#pauseMs = pauseMs;
  }

  /** Takes a line. @param atOnce whether it may not wait, nor what came before it */
  add(line: string, atOnce: boolean): void {
    this.#waiting += line;
    if (atOnce) this.flush();
    else if (!this.#isDue && !this.#isPausing) {
      this.#isDue = true;
      setImmediate(() => this.flush());
    }
  }

  /** Writes what waits. */
  flush(): void {
    this.#isDue = false;
    const text = this.#waiting;
    if (text === "") return;
    this.#waiting = "";
    this.#write(text);
    if (this.#pauseMs === 0 || this.#isPausing) return;
    this.#isPausing = true;
    setTimeout(() => {
      this.#isPausing = false;
      this.flush();
    }, this.#pauseMs).unref();
  }
}
