/** A refusal or failure of a command that has a name, so that whoever asked can act on it. */
export class NodeCommandError extends Error {
  override readonly name = "NodeCommandError";
  /** Like `INVALID_REQUEST`, `UNAVAILABLE`, `TIMEOUT`, `RESULT_TOO_LARGE`. Source: docs/protocol.md, "Nodes". */
  readonly code: string;

  constructor(code: string, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** What a node says when it says no. */
export interface NodeError {
  readonly code: string;
  readonly message: string;
}

const MAX_MESSAGE_CHARS = 1_000;

/** What is told of a failure. What a command didn't foresee is told as that, on one line, without its stack. */
export function nodeErrorOf(error: unknown): NodeError {
  if (error instanceof NodeCommandError) return { code: error.code, message: oneLine(error.message) };
  const message = error instanceof Error ? error.message : String(error);
  return { code: "UNAVAILABLE", message: oneLine(`the command failed: ${message}`) };
}

function oneLine(text: string): string {
  const plain = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ");
  return plain.length > MAX_MESSAGE_CHARS ? `${plain.slice(0, MAX_MESSAGE_CHARS)}…` : plain;
}
