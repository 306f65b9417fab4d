// Accepts turns and answers them for ever: node answer-until-killed.ts <file> <seed>. With `finish` in place of a seed it only ends
// what is open, and then itself. Says `open`, and then the id of each turn that was acknowledged.
import { randomUUID } from "node:crypto";
import { writeSync } from "node:fs";
import { SqliteDatabase } from "@saltgate/store";
import {
  AgentRuntime,
  agentSchema,
  defaultAgentSettings,
  type QueueMode,
  type ThinkRequest,
  type ThoughtEvent,
  type Tool,
} from "../../src/index.ts";

const [file = "", seed = ""] = process.argv.slice(2);
const witness = {
  name: "witness",
  versions: [
    "CREATE TABLE outbox (seq INTEGER PRIMARY KEY, run_id TEXT NOT NULL, session_key TEXT NOT NULL, text TEXT NOT NULL) STRICT;" +
      "CREATE TABLE effects (tool_call_id TEXT NOT NULL) STRICT",
  ],
};
const database = new SqliteDatabase({ file, parts: [agentSchema, witness] });
const turnOfLoop = () => new Promise((next) => setImmediate(next));

async function* think(request: ThinkRequest): AsyncGenerator<ThoughtEvent> {
  const last = request.messages.at(-1);
  yield { type: "text", delta: "Let me see. " };
  await turnOfLoop();
  const sum = Array.from(request.runId).reduce((total, char) => total + char.charCodeAt(0), 0);
  if (last?.role === "user" && sum % 3 > 0) {
    // As some providers do, it counts anew in every step; the runtime has to tell them apart.
    const id = "call_0";
    yield { type: "toolCall", id, name: "touch", arguments: {} };
    if (sum % 3 > 1) yield { type: "toolCall", id: `${id}-b`, name: "touch", arguments: {} };
    yield { type: "end", stopReason: "toolUse" };
    return;
  }
  yield { type: "text", delta: `answer to ${request.runId}` };
  yield { type: "end", stopReason: "stop" };
}

const touch: Tool = {
  description: { name: "touch", description: "", parameters: {} },
  groups: [],
  ownerOnly: false,
  untrustedOutput: false,
  call: async (_, { runId, toolCallId }) => {
    await database.write((sql) => sql.run("INSERT INTO effects VALUES (?)", `${runId} ${toolCallId}`));
    return { content: [{ type: "text", text: "touched" }], isError: false };
  },
};

const base = defaultAgentSettings("/workspace");
const settings = {
  ...base,
  model: { primary: "test/m", fallbacks: [] },
  maxAttempts: 1_000,
  queue: { ...base.queue, debounceMs: 1 },
};
const backend = {
  id: "test",
  models: () => [],
  serves: () => true,
  think,
  close: async () => undefined,
};
const runtime = new AgentRuntime({
  database,
  clock: {
    now: Date.now,
    after: (ms, task) => {
      const timer = setTimeout(task, ms);
      return () => clearTimeout(timer);
    },
  },
  newId: randomUUID,
  random: Math.random,
  settings: () => settings,
  backends: { for: async () => backend, models: () => [] },
  toolsFor: () => [touch],
  workspaceFiles: async () => [],
  onEvent: () => undefined,
  reply: (sql, { runId, sessionKey, text }) =>
    sql.run("INSERT INTO outbox (run_id, session_key, text) VALUES (?, ?, ?)", runId, sessionKey, text),
  houseFacts: {
    gatewayStatus: () => ({ version: "0", startedAtMs: 0, clients: 0, problems: [] }),
    nodes: () => [],
    channels: () => [],
    models: () => [],
  },
  log: {
    warn: () => undefined,
    error: (fields, message) => process.stderr.write(`${message} ${JSON.stringify(fields)}\n`),
  },
});

const openCount = () =>
  database.read(
    (sql) => sql.get<{ n: number }>("SELECT COUNT(*) AS n FROM agent_turns WHERE ended_at IS NULL")?.n ?? 0,
  );
const principal = { isOwner: true, channel: "telegram", accountId: "default", senderId: "7", deviceId: undefined };
const modes: readonly QueueMode[] = ["followup", "followup", "collect", "steer"];

writeSync(1, "open\n");
await runtime.open();
if (seed === "finish") {
  while ((await openCount()) > 0) await turnOfLoop();
  await runtime.close();
  await database.close();
} else {
  let state = Number(seed);
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  for (;;) {
    const which = Math.floor(random() * modes.length);
    const runId = randomUUID();
    await runtime.submit(
      {
        runId,
        sessionKey: `agent:main:s${which}`,
        agentId: "main",
        content: [{ type: "text", text: `said ${runId}` }],
        plainText: `said ${runId}`,
        principal,
        reply: { channel: "telegram", accountId: "default", to: "7", isDirect: true },
        options: { queueMode: modes[which] ?? "followup" },
      },
      { commandAuthorized: true },
    );
    writeSync(1, `${runId}\n`);
    while ((await openCount()) > 12) await turnOfLoop();
  }
}
