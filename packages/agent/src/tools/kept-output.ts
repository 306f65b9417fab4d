import { StringDecoder } from "node:string_decoder";

/** What a program printed: its beginning and its end, up to so many characters each, however much there was. */
export class KeptOutput {
  readonly #decoder = new StringDecoder("utf8");
  readonly #halfChars: number;
  #head = "";
  #tail = "";
  #lost = 0;

  constructor(maxChars: number) {
    this.#halfChars = Math.floor(maxChars / 2);
  }

  /** @returns the piece as text */
  take(bytes: Buffer): string {
    return this.#keep(this.#decoder.write(bytes));
  }

  get truncated(): boolean {
    return this.#lost > 0;
  }

  /** Everything that was kept. Ends the last character. */
  end(): string {
    this.#keep(this.#decoder.end());
    return this.truncated
      ? `${this.#head}\n[... ${this.#lost} characters left out ...]\n${this.#tail}`
      : this.#head + this.#tail;
  }

  #keep(text: string): string {
    const room = this.#halfChars - this.#head.length;
    this.#head += text.slice(0, Math.max(0, room));
    this.#tail += text.slice(Math.max(0, room));
    const over = this.#tail.length - this.#halfChars;
    if (over > 0) {
      this.#tail = this.#tail.slice(over);
      this.#lost += over;
    }
    return text;
  }
}
