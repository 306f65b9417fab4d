import { CommandError, Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { openSession } from "../gateway-session.ts";
import { jsonOf } from "../json-words.ts";
import { printableJson } from "../output/printable.ts";

/** Calls a method of the gateway and prints its result as JSON. */
export async function run(invocation: Invocation): Promise<Exit> {
  const [method = ""] = invocation.positionals;
  const text = invocation.value("params");
  const params = text === undefined ? {} : await jsonOf(text, "--params", invocation.command);
  const { METHODS } = await import("@saltgate/protocol");
  if (!Object.hasOwn(METHODS, method)) {
    const { nearest } = await import("../nearest.ts");
    const known = nearest(method, Object.keys(METHODS));
    throw new CommandError("UNKNOWN_METHOD", `the protocol has no method "${method.slice(0, 80)}"`, {
      ...(known !== undefined && { mend: `Did you mean: saltgate gateway call ${known}` }),
      exit: Exit.Usage,
    });
  }
  await using session = await openSession(invocation);
  const result = await session.request(method as keyof typeof METHODS, params as never);
  process.stdout.write(`${printableJson(result, 2)}\n`);
  return Exit.Ok;
}
