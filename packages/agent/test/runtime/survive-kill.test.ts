import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { SqliteDatabase } from "@saltgate/store";
import { expect, onTestFinished, test } from "vitest";
import { agentSchema, type TranscriptMessage } from "../../src/index.ts";
import { databaseFile } from "../session/world.ts";

/** How often the process is killed; more of them by night. */
const kills = Number(process.env["SALTGATE_KILLS"] ?? 100);
const program = fileURLToPath(new URL("../children/answer-until-killed.ts", import.meta.url));

function startChild(file: string, seed: string): ChildProcess {
  const child = spawn(
    process.execPath,
    ["--conditions=@saltgate/source", "--disable-warning=ExperimentalWarning", program, file, seed],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  return child;
}

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Runs until some turns were acknowledged and some moments have passed, then kills. @returns the ids that were acknowledged */
async function killAtRandom(child: ChildProcess, random: () => number): Promise<readonly string[]> {
  const exited = once(child, "exit");
  const killAfter = Math.floor(random() * 10);
  const acknowledged: string[] = [];
  let lines = 0;
  for await (const line of createInterface({ input: child.stdout! })) {
    if (line !== "open") acknowledged.push(line);
    lines += 1;
    if (lines !== killAfter + 1) continue;
    for (let moment = Math.floor(random() * 60); moment > 0; moment--) await new Promise((next) => setImmediate(next));
    child.kill("SIGKILL");
  }
  expect(await exited).toEqual([null, "SIGKILL"]);
  return acknowledged;
}

interface TurnRow {
  readonly run_id: string;
  readonly session_key: string;
  readonly state: string;
  readonly joined_to: string | null;
}

test("[runs:survive-kill] runtime: killed at any moment, each accepted turn comes to one end with one reply, in the order of its session", {
  timeout: 60_000 + kills * 3_000,
}, async () => {
  const file = await databaseFile();
  const random = seeded(20_261_121);
  const acknowledged: string[] = [];
  for (let round = 0; round < kills; round++)
    acknowledged.push(...(await killAtRandom(startChild(file, String(round + 1)), random)));
  expect(await once(startChild(file, "finish"), "exit")).toEqual([0, null]);

  const database = new SqliteDatabase({ file, parts: [agentSchema] });
  onTestFinished(() => database.close());
  const { effects, messages, outbox, turns } = await database.read((sql) => ({
    turns: sql.all<TurnRow>("SELECT run_id, session_key, state, joined_to FROM agent_turns ORDER BY seq"),
    outbox: sql.all<{ run_id: string; session_key: string; text: string }>(
      "SELECT run_id, session_key, text FROM outbox ORDER BY seq",
    ),
    effects: sql.all<{ tool_call_id: string }>("SELECT tool_call_id FROM effects"),
    messages: sql
      .all<{ run_id: string; body: string }>("SELECT run_id, body FROM agent_messages ORDER BY session_id, seq")
      .map(({ body, run_id }) => ({ runId: run_id, message: JSON.parse(body) as TranscriptMessage })),
  }));
  const known = new Set(turns.map(({ run_id }) => run_id));
  expect(acknowledged.filter((runId) => !known.has(runId))).toEqual([]);
  expect(turns.filter(({ state }) => state !== "done")).toEqual([]);
  const leaders = turns.filter(({ joined_to }) => joined_to === null);
  expect(outbox.map(({ run_id }) => run_id).toSorted()).toEqual(leaders.map(({ run_id }) => run_id).toSorted());
  expect(outbox.every(({ run_id, text }) => text.endsWith(`answer to ${run_id}`))).toBe(true);
  for (const key of ["agent:main:s0", "agent:main:s1", "agent:main:s2"]) {
    const inOrder = leaders.filter(({ session_key }) => session_key === key).map(({ run_id }) => run_id);
    expect(
      outbox.filter(({ session_key }) => session_key === key).map(({ run_id }) => run_id),
      key,
    ).toEqual(inOrder);
  }
  // What was said stands once in the transcript, and so does the end of each run.
  const said = messages
    .filter(({ message }) => message.role === "user")
    .flatMap(({ message }) => [...JSON.stringify(message).matchAll(/said ([0-9a-f-]{36})/g)].map(([, id]) => id));
  expect(said.toSorted()).toEqual(turns.map(({ run_id }) => run_id).toSorted());
  const ends = messages
    .filter(({ message }) => message.role === "assistant" && message.stopReason === "stop")
    .map(({ runId }) => runId);
  expect(ends.toSorted()).toEqual(leaders.map(({ run_id }) => run_id).toSorted());
  // No call is done twice, and each has one result.
  const called = messages.flatMap(({ message, runId }) =>
    message.content.flatMap((part) => (part.type === "toolCall" ? [`${runId} ${part.id}`] : [])),
  );
  const results = messages.flatMap(({ message, runId }) =>
    message.role === "toolResult" ? [`${runId} ${message.toolCallId}`] : [],
  );
  expect(new Set(called).size).toBe(called.length);
  expect(results.toSorted()).toEqual(called.toSorted());
  expect(new Set(effects.map(({ tool_call_id }) => tool_call_id)).size).toBe(effects.length);
  const unknown = messages.filter(({ message }) => message.role === "toolResult" && message.isError).length;
  const joined = turns.length - leaders.length;
  console.log(
    `${kills} kills, ${turns.length} turns, ${joined} answered with others, ${unknown} calls cut off, ${effects.length} done`,
  );
  expect(turns.length).toBeGreaterThan(kills);
  expect(joined).toBeGreaterThan(0);
  if (kills >= 100) expect(unknown).toBeGreaterThan(0);
});
