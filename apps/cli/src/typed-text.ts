import { CommandError, Exit, usageError } from "./command-error.ts";
import type { Invocation } from "./command-line.ts";

/** Longest text that is taken from standard input, in bytes. */
const MAX_TEXT_BYTES = 1_000_000;

/**
 * The text of `--message`; `-` stands for standard input, to its end.
 * @throws {CommandError} when there is none, it is empty or too long
 */
export async function messageOf(invocation: Invocation): Promise<string> {
  const given = invocation.value("message");
  if (given === undefined) throw usageError("--message <text> is missing (- reads standard input)", invocation.command);
  const text = given === "-" ? await inputText("the message") : given;
  if (text.trim() === "") throw usageError("the message is empty", invocation.command);
  return text;
}

/**
 * Everything that comes on standard input, without the end of its last line.
 * @throws {CommandError} when it is too long
 */
export async function inputText(what: string, maxBytes: number = MAX_TEXT_BYTES): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin) {
    const piece = Buffer.from(chunk as Uint8Array);
    bytes += piece.byteLength;
    if (bytes > maxBytes)
      throw new CommandError("TOO_LONG", `${what} on standard input has more than ${maxBytes} bytes`, {
        exit: Exit.Usage,
      });
    chunks.push(piece);
  }
  return Buffer.concat(chunks)
    .toString("utf8")
    .replace(/\r?\n$/, "");
}
