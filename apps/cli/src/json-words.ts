import { usageError } from "./command-error.ts";

/** A value that a person typed as JSON; JSON5 will do. @throws {CommandError} when it is neither */
export async function jsonOf(text: string, what: string, command: string): Promise<unknown> {
  const { default: json5 } = await import("json5");
  try {
    return json5.parse(text);
  } catch {
    throw usageError(`${what} is not JSON`, command);
  }
}
