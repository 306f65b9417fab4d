import { Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { openSession } from "../gateway-session.ts";
import { givenOptions } from "../given-options.ts";
import { answer } from "../output/answer.ts";
import { table } from "../output/table.ts";

/** What agents may think with. */
export async function run(invocation: Invocation): Promise<Exit> {
  await using session = await openSession(invocation);
  const asked = givenOptions(invocation, { agent: "agentId" });
  const [{ models }, { defaults }] = await Promise.all([
    session.request("models.list", asked),
    session.request("sessions.list", { limit: 1 }),
  ]);
  const usual = defaults.modelProvider === null ? null : `${defaults.modelProvider}/${defaults.model ?? ""}`;
  answer(invocation, { default: usual, models }, () => {
    const rows = models.map(({ contextWindow, id, name, provider, reasoning }) => [
      `${provider}/${id}`,
      name === id ? "" : name,
      contextWindow === undefined ? "" : `${Math.round(contextWindow / 1_000)}k`,
      reasoning === true ? "yes" : "",
      `${provider}/${id}` === usual ? "default" : "",
    ]);
    const isAlone = models.every(({ provider }) => provider === "saltgate");
    const hint = isAlone ? "\n\nNo model is connected yet. How to: docs/models.md" : "";
    return `${table(["Model", "Name", "Reads", "Reasons", ""], rows)}${hint}`;
  });
  return Exit.Ok;
}
