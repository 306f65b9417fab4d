import { ToolFailure } from "@saltgate/agent";
import { RequestError } from "../dispatch/outcome.ts";

/** Does something, and tells the model what it would be told as a client. @throws {ToolFailure} in the words of the refusal */
export async function tellingModel<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RequestError) throw new ToolFailure(`${error.message}.`);
    throw error;
  }
}
