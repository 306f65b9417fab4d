import { wrap } from "./names.ts";

/** Collects lines of source text under an indentation. */
export class SourceText {
  readonly #lines: string[] = [];
  #depth = 0;

  /** Adds one line; an empty one has no indentation. */
  line(text = ""): void {
    this.#lines.push(text === "" ? "" : `${"    ".repeat(this.#depth)}${text}`);
  }

  /** Adds a line that opens a block, the block one step deeper, and the line that closes it. */
  block(open: string, inside: () => void, close = "}"): void {
    this.line(open);
    this.#depth++;
    inside();
    this.#depth--;
    this.line(close);
  }

  /** Adds a documentation comment with three slashes. */
  slashes(doc: string | undefined): void {
    if (doc !== undefined) for (const line of wrap(doc, 100)) this.line(`/// ${line}`);
  }

  /** Adds a documentation comment between slash and star. */
  starred(doc: string | undefined): void {
    if (doc === undefined) return;
    const lines = wrap(doc.replaceAll("*/", "* /"), 100);
    if (lines.length === 1) this.line(`/** ${lines[0]} */`);
    else {
      this.line("/**");
      for (const line of lines) this.line(` * ${line}`);
      this.line(" */");
    }
  }

  toString(): string {
    return `${this.#lines.join("\n")}\n`;
  }
}
