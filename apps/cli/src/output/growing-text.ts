import { printableText } from "./printable.ts";

/** What may belong together with the next piece: the first half of a character, or of an end of line. */
const UNFINISHED = /[\ud800-\udbff\r]$/;

/**
 * Text that grows, on a place that can only be added to, such as a terminal: what is new is written, safe to show. Where
 * what was said before has changed, all of it comes again on a line of its own.
 */
export class GrowingText {
  readonly #write: (text: string) => void;
  #taken = "";
  #isAtLineStart = true;

  /** @param write where pieces of text go */
  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** Takes everything that has been said so far. */
  take(text: string): void {
    const whole = UNFINISHED.test(text) ? text.slice(0, -1) : text;
    if (this.#taken.startsWith(whole)) return; // an older report, or nothing new
    const isGrown = whole.startsWith(this.#taken);
    if (!isGrown && !this.#isAtLineStart) this.#put("\n");
    this.#put(printableText(isGrown ? whole.slice(this.#taken.length) : whole));
    this.#taken = whole;
  }

  /** Takes the whole text at its end, and ends the line. */
  end(text: string): void {
    if (text !== "") this.take(text);
    if (!this.#isAtLineStart) this.#put("\n");
  }

  #put(text: string): void {
    if (text === "") return;
    this.#isAtLineStart = text.endsWith("\n");
    this.#write(text);
  }
}
