import { StringDecoder } from "node:string_decoder";
import type { OutputKeeper, OutputStream } from "@saltgate/exec-policy";

/** Stands where output is missing. */
const NOTE = "... (truncated)";

/**
 * What a process said, as text, up to so many characters of both streams together: the head is kept. A character whose
 * bytes come in two pieces is one character.
 */
export class OutputCap implements OutputKeeper {
  readonly #decoders = { stdout: new StringDecoder("utf8"), stderr: new StringDecoder("utf8") };
  readonly #kept = { stdout: "", stderr: "" };
  readonly #cut = { stdout: false, stderr: false };
  #left: number;

  constructor(maxChars: number) {
    this.#left = maxChars;
  }

  /** @returns the same piece as whole characters, however much of it is kept. */
  take(stream: OutputStream, bytes: Buffer): string {
    return this.#keep(stream, this.#decoders[stream].write(bytes));
  }

  /** What remains of a character that was never finished. */
  end(stream: OutputStream): string {
    return this.#keep(stream, this.#decoders[stream].end());
  }

  get truncated(): boolean {
    return this.#cut.stdout || this.#cut.stderr;
  }

  text(stream: OutputStream): string {
    return this.#cut[stream] ? `${this.#kept[stream]}${NOTE}` : this.#kept[stream];
  }

  #keep(stream: OutputStream, text: string): string {
    if (text.length > this.#left) {
      this.#cut[stream] = true;
      // Not half of a pair at the cut.
      const end = isHighSurrogate(text.charCodeAt(this.#left - 1)) ? this.#left - 1 : this.#left;
      this.#kept[stream] += text.slice(0, Math.max(0, end));
      this.#left = 0;
    } else {
      this.#kept[stream] += text;
      this.#left -= text.length;
    }
    return text;
  }
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}
