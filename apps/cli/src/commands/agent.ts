import type { ParamsOf } from "@saltgate/protocol";
import { doTask } from "../agent-task.ts";
import { CommandError, Exit, usageError } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { durationMs } from "../duration.ts";
import { openSession } from "../gateway-session.ts";
import { GrowingText } from "../output/growing-text.ts";
import { printable, printableJson } from "../output/printable.ts";
import { messageOf } from "../typed-text.ts";

/**
 * Gives an agent a task and prints its answer: as it comes on a terminal, as a whole elsewhere. Ctrl-C stops the task; once
 * more leaves it to itself.
 */
export async function run(invocation: Invocation): Promise<Exit> {
  const task = await taskOf(invocation);
  await using session = await openSession(invocation, undefined, { stays: true });
  const json = invocation.has("json");
  const answer = new GrowingText((text) => process.stdout.write(text));
  const isStreamed = !json && process.stdout.isTTY === true;
  const interrupted = Promise.withResolvers<never>();
  interrupted.promise.catch(() => undefined);
  let interrupts = 0;
  const interrupt = (): void => {
    interrupts += 1;
    if (interrupts > 1) return interrupted.reject(new CommandError("LEFT", "left; the task goes on without you"));
    const order = { sessionKey: task.sessionKey ?? "main", runId: task.idempotencyKey, ...agentOf(task) };
    session.request("chat.abort", order).catch((error: unknown) => interrupted.reject(error as Error));
  };
  process.on("SIGINT", interrupt);
  try {
    const ending = await Promise.race([
      doTask(session, task, (text) => isStreamed && answer.take(text)),
      interrupted.promise,
    ]);
    const { aborted, durationMs: tookMs, media, runId, text } = ending;
    if (json) {
      const value = { ok: !aborted, runId, text, media, aborted, ...(tookMs !== undefined && { durationMs: tookMs }) };
      process.stdout.write(`${printableJson(value, 2)}\n`);
    } else {
      answer.end(text);
      for (const file of media) process.stdout.write(`[${printable(file)}]\n`);
      if (aborted) process.stderr.write("The task was stopped before its end.\n");
    }
    return aborted ? Exit.Failed : Exit.Ok;
  } catch (error) {
    answer.end("");
    throw error;
  } finally {
    process.off("SIGINT", interrupt);
  }
}

const agentOf = ({ agentId }: ParamsOf<"agent">): { agentId?: string } => (agentId === undefined ? {} : { agentId });

/** What the words of the command line ask for. */
async function taskOf(invocation: Invocation): Promise<ParamsOf<"agent">> {
  const { command } = invocation;
  const limit = invocation.value("run-timeout");
  const timeout = limit === undefined ? undefined : durationMs(limit, "run-timeout", command) / 1_000;
  const deliver = invocation.has("deliver");
  const where = Object.fromEntries(
    (["channel", "to", "account"] as const).flatMap((name) => {
      const value = invocation.value(name);
      if (value === undefined) return [];
      if (!deliver) throw usageError(`--${name} says where --deliver sends the answer`, command);
      return [[name === "account" ? "accountId" : name, value] as const];
    }),
  );
  const given = (name: string, key: string): Record<string, string> => {
    const value = invocation.value(name);
    return value === undefined ? {} : { [key]: value };
  };
  return {
    message: await messageOf(invocation),
    idempotencyKey: crypto.randomUUID(),
    ...given("session", "sessionKey"),
    ...given("agent", "agentId"),
    ...given("model", "model"),
    ...given("thinking", "thinking"),
    ...(deliver && { deliver }),
    ...where,
    ...(timeout !== undefined && { timeout }),
  };
}
