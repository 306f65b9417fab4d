import { LIMITS } from "@saltgate/protocol";
import type { Send } from "./answers.ts";

/** From how many waiting characters on a writer has to wait. */
const HIGH_WATER_CHARS = 65_536;

type Stream = "stdout" | "stderr";

/**
 * Output of one invocation on its way to the gateway: in pieces, one after another, each sent when the one before was
 * taken. That is the backpressure: whoever awaits `write` never gets ahead of the gateway by more than a little.
 */
export class ProgressStream {
  readonly #send: Send;
  readonly #ids: { readonly invokeId: string; readonly nodeId: string };
  #waiting: { readonly stream: Stream | undefined; text: string }[] = [];
  #chars = 0;
  #seq = 0;
  #pump: Promise<void> | undefined;
  #isOver = false;
  #room: (() => void)[] = [];

  constructor(send: Send, ids: { readonly invokeId: string; readonly nodeId: string }) {
    this.#send = send;
    this.#ids = ids;
  }

  /** Resolves when there is room for more. */
  async write(text: string, stream?: Stream): Promise<void> {
    if (this.#isOver || text === "") return;
    const last = this.#waiting.at(-1);
    if (last !== undefined && last.stream === stream) last.text += text;
    else this.#waiting.push({ stream, text });
    this.#chars += text.length;
    this.#pump ??= this.#run();
    if (this.#chars > HIGH_WATER_CHARS) await new Promise<void>((resolve) => this.#room.push(resolve));
  }

  /** Resolves when everything is with the gateway, or was given up. */
  async flush(): Promise<void> {
    await this.#pump;
  }

  /** Nothing more is wanted. */
  stop(): void {
    this.#isOver = true;
    this.#waiting = [];
    this.#chars = 0;
    this.#wake();
  }

  async #run(): Promise<void> {
    for (;;) {
      const chunk = this.#next();
      if (chunk === undefined) break;
      const seq = this.#seq;
      this.#seq += 1;
      // A piece that can't be sent leaves a gap in the numbers, so that its reader sees that something is missing.
      await this.#send("node.invoke.progress", { ...this.#ids, seq, ...chunk }).catch(() => {});
      if (this.#chars <= HIGH_WATER_CHARS) this.#wake();
    }
    this.#pump = undefined;
  }

  #next(): { chunk: string; stream?: Stream } | undefined {
    const [first] = this.#waiting;
    if (first === undefined) return undefined;
    const { stream } = first;
    const chunk = head(first.text, LIMITS.maxNodeChunkChars);
    first.text = first.text.slice(chunk.length);
    if (first.text === "") this.#waiting.shift();
    this.#chars -= chunk.length;
    return { chunk, ...(stream !== undefined && { stream }) };
  }

  #wake(): void {
    for (const go of this.#room.splice(0)) go();
  }
}

/** The first characters, without half of a pair at the end. */
function head(text: string, max: number): string {
  if (text.length <= max) return text;
  const last = text.charCodeAt(max - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? max - 1 : max);
}
