import type { PayloadOf, SystemRunResult } from "@saltgate/protocol";

interface Sink {
  write(text: string): unknown;
}

/**
 * Output of a program elsewhere, as it comes. If pieces were lost on the way, or none came, the whole that comes with the
 * result is written instead of what is missing.
 */
export class OutputStream {
  readonly #stdout: Sink | undefined;
  readonly #stderr: Sink | undefined;
  #next = 0;
  #hasGap = false;

  constructor(stdout: Sink | undefined, stderr: Sink | undefined) {
    this.#stdout = stdout;
    this.#stderr = stderr;
  }

  take({ seq, chunk, stream }: Pick<PayloadOf<"node.invoke.output">, "seq" | "chunk" | "stream">): void {
    if (seq < this.#next) return; // told again after the way was cut
    if (seq > this.#next) this.#hasGap = true;
    this.#next = seq + 1;
    (stream === "stderr" ? this.#stderr : this.#stdout)?.write(chunk);
  }

  finish({ stdout, stderr, truncated }: Pick<SystemRunResult, "stdout" | "stderr" | "truncated">): void {
    if (this.#next > 0 && !this.#hasGap) return;
    if (this.#hasGap) this.#stderr?.write("\n(some output was lost on the way; this is the whole)\n");
    this.#stdout?.write(stdout);
    this.#stderr?.write(stderr);
    if (truncated === true) this.#stderr?.write("\n(the output was too long; its end is missing)\n");
  }
}
