/** A piece of an answer: what is thought, or what is said. */
export interface TaggedPiece {
  readonly type: "text" | "thinking";
  readonly delta: string;
}

const OPEN = "<think>";
const CLOSE = "</think>";

/**
 * Takes thinking out of a text that begins with it in tags: servers that don't know a model's template leave it there. Tags
 * anywhere else are text.
 */
export class ThinkTags {
  #state: "start" | "thinking" | "between" | "text" = "start";
  /** What may still become a tag. */
  #held = "";

  /** What a piece of the text tells. */
  take(delta: string): readonly TaggedPiece[] {
    if (this.#state === "text") return [{ type: "text", delta }];
    this.#held += delta;
    const pieces: TaggedPiece[] = [];
    if (this.#state === "start") {
      const begun = this.#held.trimStart();
      if (begun.length < OPEN.length && OPEN.startsWith(begun)) return [];
      if (!begun.startsWith(OPEN)) return this.end();
      this.#held = begun.slice(OPEN.length);
      this.#state = "thinking";
    }
    if (this.#state === "thinking") {
      const close = this.#held.indexOf(CLOSE);
      const upTo = close < 0 ? this.#held.length - endThatMayBe(CLOSE, this.#held) : close;
      if (upTo > 0) pieces.push({ type: "thinking", delta: this.#held.slice(0, upTo) });
      this.#held = this.#held.slice(close < 0 ? upTo : close + CLOSE.length);
      if (close >= 0) this.#state = "between";
    }
    if (this.#state === "between" && this.#held.trimStart() !== "") {
      pieces.push({ type: "text", delta: this.#held.trimStart() });
      this.#held = "";
      this.#state = "text";
    }
    return pieces;
  }

  /** What was held back, when nothing more comes. */
  end(): readonly TaggedPiece[] {
    const delta = this.#state === "between" ? "" : this.#held;
    const type = this.#state === "thinking" ? "thinking" : "text";
    this.#held = "";
    this.#state = "text";
    return delta === "" ? [] : [{ type, delta }];
  }
}

/** How many of a text's last characters may be the beginning of a tag. */
function endThatMayBe(tag: string, text: string): number {
  for (let length = Math.min(tag.length - 1, text.length); length > 0; length--)
    if (text.endsWith(tag.slice(0, length))) return length;
  return 0;
}
