import { StringDecoder } from "node:string_decoder";
import type { OutputKeeper, OutputStream } from "@saltgate/exec-policy";

/** Of what a program printed, the beginning and the end, up to so many characters of each stream, however much there was. */
export class KeptOutput implements OutputKeeper {
  readonly #streams: Readonly<Record<OutputStream, KeptStream>>;

  constructor(maxChars: number) {
    this.#streams = { stdout: new KeptStream(maxChars), stderr: new KeptStream(maxChars) };
  }

  take(stream: OutputStream, bytes: Buffer): string {
    return this.#streams[stream].keep(this.#streams[stream].decoder.write(bytes));
  }

  end(stream: OutputStream): string {
    return this.#streams[stream].keep(this.#streams[stream].decoder.end());
  }

  text(stream: OutputStream): string {
    return this.#streams[stream].text;
  }

  get truncated(): boolean {
    return this.#streams.stdout.lost > 0 || this.#streams.stderr.lost > 0;
  }
}

class KeptStream {
  readonly decoder = new StringDecoder("utf8");
  readonly #halfChars: number;
  #head = "";
  #tail = "";
  lost = 0;

  constructor(maxChars: number) {
    this.#halfChars = Math.floor(maxChars / 2);
  }

  get text(): string {
    return this.lost > 0
      ? `${this.#head}\n[... ${this.lost} characters left out ...]\n${this.#tail}`
      : this.#head + this.#tail;
  }

  keep(text: string): string {
    const room = this.#halfChars - this.#head.length;
    this.#head += text.slice(0, Math.max(0, room));
    this.#tail += text.slice(Math.max(0, room));
    const over = this.#tail.length - this.#halfChars;
    if (over > 0) {
      this.#tail = this.#tail.slice(over);
      this.lost += over;
    }
    return text;
  }
}
