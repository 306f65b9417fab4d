import { clearScreenDown, createInterface, cursorTo, type Interface, moveCursor } from "node:readline";
import { Writable } from "node:stream";
import { GrowingText } from "../output/growing-text.ts";
import { messageText } from "../output/message-text.ts";
import { printable, printableText } from "../output/printable.ts";
import type { ChatView } from "./chat-view.ts";
import { endingWords } from "./lines-view.ts";

const PROMPT = "> ";
/** Longest old message that is shown at the start, in characters. */
const SHOWN_CHARS = 600;

/** What a person does at a terminal. */
export interface TerminalActs {
  readonly line: (text: string) => void;
  /** Ctrl-C. With words half typed it takes those back instead. */
  readonly interrupt: () => void;
  /** Ctrl-D, or the end of the input. */
  readonly leave: () => void;
}

/**
 * A conversation on a terminal. While an answer comes, the line that is being typed is hidden: it is there again, with what
 * was typed meanwhile, when the answer has ended.
 */
export class TerminalView implements ChatView {
  readonly #out: NodeJS.WriteStream;
  readonly #editor: Interface;
  readonly #isPlain: boolean;
  /** The answer that is being written, and what its run is called. */
  #answer: { readonly runId: string; readonly text: GrowingText } | undefined;
  #isAtLineStart = true;
  /** Whether what the line editor writes is shown. */
  #isEditing = false;
  #isWaiting = false;

  /** @param isPlain without colours, as NO_COLOR asks for */
  constructor(input: NodeJS.ReadStream, out: NodeJS.WriteStream, acts: TerminalActs, isPlain: boolean) {
    this.#out = out;
    this.#isPlain = isPlain;
    const editorOut = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        if (this.#isEditing) out.write(chunk);
        done();
      },
    });
    Object.defineProperty(editorOut, "columns", { get: () => out.columns });
    out.on("resize", () => editorOut.emit("resize"));
    this.#editor = createInterface({ input, output: editorOut, terminal: true, prompt: PROMPT, historySize: 200 });
    this.#editor.on("line", (line) => {
      const wasShown = this.#isEditing;
      this.#isEditing = false;
      if (!wasShown && line.trim() !== "") this.#line(this.#dim(`${PROMPT}${printable(line)}`));
      acts.line(line);
    });
    this.#editor.on("SIGINT", () => {
      if (this.#isEditing && this.#editor.line !== "") this.#clearLine();
      else acts.interrupt();
    });
    this.#editor.on("close", acts.leave);
  }

  history(messages: Parameters<ChatView["history"]>[0]): void {
    for (const message of messages) {
      const text = messageText(message).trim();
      if (text === "" || (message.role !== "user" && message.role !== "assistant")) continue;
      const whole = printableText(text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text);
      this.#line(this.#dim(message.role === "user" ? `${PROMPT}${whole}` : whole));
    }
  }

  speaking(runId: string, text: string): void {
    this.#hideEditor();
    if (this.#answer?.runId !== runId) {
      this.#endLine();
      this.#answer = { runId, text: new GrowingText((piece) => this.#write(piece)) };
    }
    this.#answer.text.take(text);
  }

  ended(runId: string, ending: Parameters<ChatView["ended"]>[1]): void {
    this.#hideEditor();
    if (ending.state === "final") {
      if (this.#answer?.runId !== runId) this.#endLine();
      const text = this.#answer?.runId === runId ? this.#answer.text : new GrowingText((piece) => this.#write(piece));
      text.end(ending.text);
    } else this.#line(this.#dim(endingWords(ending)));
    this.#endLine();
    if (this.#answer?.runId === runId) this.#answer = undefined;
    if (!this.#isWaiting) this.#showEditor();
  }

  note(text: string): void {
    const wasShown = this.#isEditing;
    this.#hideEditor();
    this.#line(this.#dim(text.split("\n").map(printable).join("\n")));
    if (wasShown) this.#showEditor();
  }

  /** Whether an answer to what was typed here is awaited: the line editor is there when none is. */
  set isWaiting(isWaiting: boolean) {
    this.#isWaiting = isWaiting;
    if (isWaiting) this.#hideEditor();
    else if (this.#answer === undefined) this.#showEditor();
  }

  close(): void {
    this.#hideEditor();
    this.#editor.removeAllListeners("close");
    this.#editor.close();
    this.#endLine();
  }

  #showEditor(): void {
    if (this.#isEditing) return;
    this.#endLine();
    // What was typed unseen is typed once more, so that the editor knows where it stands.
    const { line } = this.#editor;
    this.#clearLine();
    this.#isEditing = true;
    this.#editor.prompt();
    if (line !== "") this.#editor.write(line);
  }

  #hideEditor(): void {
    if (!this.#isEditing) return;
    const { rows } = this.#editor.getCursorPos();
    moveCursor(this.#out, 0, -rows);
    cursorTo(this.#out, 0);
    clearScreenDown(this.#out);
    this.#isEditing = false;
    this.#isAtLineStart = true;
  }

  #clearLine(): void {
    this.#editor.write(null, { ctrl: true, name: "e" });
    this.#editor.write(null, { ctrl: true, name: "u" });
  }

  #line(text: string): void {
    this.#endLine();
    this.#write(`${text}\n`);
  }

  #endLine(): void {
    if (!this.#isAtLineStart) this.#write("\n");
  }

  #write(text: string): void {
    if (text === "") return;
    this.#out.write(text);
    this.#isAtLineStart = text.endsWith("\n");
  }

  #dim(text: string): string {
    return this.#isPlain ? text : `\u001b[2m${text}\u001b[22m`;
  }
}
