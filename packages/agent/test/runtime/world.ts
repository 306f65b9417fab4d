import type { SqliteDatabase } from "@saltgate/store";
import { onTestFinished } from "vitest";
import {
  type AgentBackend,
  AgentRuntime,
  type AgentRuntimeOptions,
  type AgentSettings,
  BackendError,
  defaultAgentSettings,
  type MessagePart,
  type ModelRef,
  type RunEvent,
  type RunReply,
  type ThinkRequest,
  type ThoughtEvent,
  type Tool,
  type TurnRequest,
} from "../../src/index.ts";
import { counting, databaseFile, openDatabase } from "../session/world.ts";

/** A clock that stands still until it is moved. */
export class TestClock {
  #nowMs: number;
  #timers: { readonly atMs: number; readonly task: () => void }[] = [];

  constructor(nowMs: number = new Date(2026, 10, 21, 12).getTime()) {
    this.#nowMs = nowMs;
  }

  now = (): number => this.#nowMs;

  after = (delayMs: number, task: () => void): (() => void) => {
    const timer = { atMs: this.#nowMs + delayMs, task };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  };

  /** Moves on, and does what is due, in its order. */
  move(ms: number): void {
    const until = this.#nowMs + ms;
    for (;;) {
      const due = this.#timers.filter(({ atMs }) => atMs <= until).toSorted((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== due);
      this.#nowMs = Math.max(this.#nowMs, due.atMs);
      due.task();
    }
    this.#nowMs = until;
  }

  get timers(): number {
    return this.#timers.length;
  }
}

/** What a scripted model does with one request. */
export type Script = (request: ThinkRequest, signal: AbortSignal) => AsyncIterable<ThoughtEvent>;

/** A model that says these texts, one step for each call. */
export async function* says(...texts: readonly string[]): AsyncGenerator<ThoughtEvent> {
  for (const delta of texts) yield { type: "text", delta };
  yield { type: "end", stopReason: "stop", usage: { input: 10, output: 5, totalTokens: 15, costUsd: 0.01 } };
}

/** A model that calls tools. */
export async function* calls(
  ...named: readonly (readonly [id: string, name: string, args?: unknown])[]
): AsyncGenerator<ThoughtEvent> {
  for (const [id, name, args] of named) yield { type: "toolCall", id, name, arguments: args ?? {} };
  yield { type: "end", stopReason: "toolUse", usage: { input: 10, output: 5, totalTokens: 15 } };
}

/** A model that begins and is then silent until it is ended. */
export async function* hangs(signal: AbortSignal, ...texts: readonly string[]): AsyncGenerator<ThoughtEvent> {
  for (const delta of texts) yield { type: "text", delta };
  await new Promise((_, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true }),
  );
}

/** Models of the provider `test`, each with its script. */
export class ScriptedBackend implements AgentBackend {
  readonly id = "test";
  readonly requests: ThinkRequest[] = [];
  readonly scripts: Map<string, Script>;

  constructor(scripts: Readonly<Record<string, Script>>) {
    this.scripts = new Map(Object.entries(scripts));
  }

  models() {
    return [...this.scripts.keys()].map((model) => ({ provider: "test", model, name: model, contextWindow: 10_000 }));
  }

  serves({ provider }: ModelRef): boolean {
    return provider === "test";
  }

  think(request: ThinkRequest, signal: AbortSignal): AsyncIterable<ThoughtEvent> {
    this.requests.push(request);
    const script = this.scripts.get(request.model.model);
    if (script === undefined) throw new BackendError("unavailable", "no such model");
    return script(request, signal);
  }

  async close(): Promise<void> {}
}

export interface RuntimeWorld {
  readonly runtime: AgentRuntime;
  readonly database: SqliteDatabase;
  readonly clock: TestClock;
  readonly backend: ScriptedBackend;
  readonly events: RunEvent[];
  /** What was to be delivered, from the table that stands for an outbox. */
  readonly replies: () => Promise<readonly RunReply[]>;
  readonly file: string;
  settings: AgentSettings;
  readonly logged: string[];
}

export interface WorldOptions {
  readonly scripts?: Readonly<Record<string, Script>>;
  readonly tools?: readonly Tool[];
  readonly file?: string;
  readonly clock?: TestClock;
  readonly change?: (settings: AgentSettings) => AgentSettings;
  readonly options?: Partial<AgentRuntimeOptions>;
  readonly isClosed?: boolean;
}

/** A runtime over a real database, with `test/m` as its model. */
export async function openWorld(options: WorldOptions = {}): Promise<RuntimeWorld> {
  const file = options.file ?? (await databaseFile());
  const database = openDatabase(file);
  await database.write((sql) =>
    sql.run("CREATE TABLE IF NOT EXISTS outbox (seq INTEGER PRIMARY KEY, reply TEXT NOT NULL)"),
  );
  const clock = options.clock ?? new TestClock();
  const backend = new ScriptedBackend(options.scripts ?? { m: () => says("Hello!") });
  const base = { ...defaultAgentSettings("/workspace"), model: { primary: "test/m", fallbacks: [] } };
  const events: RunEvent[] = [];
  const logged: string[] = [];
  const ids = counting(`${Math.floor(Math.random() * 1e9)}`);
  const world = {
    database,
    clock,
    backend,
    events,
    file,
    logged,
    settings: options.change?.(base) ?? base,
    replies: async () => {
      const rows = await database.read((sql) => sql.all<{ reply: string }>("SELECT reply FROM outbox ORDER BY seq"));
      return rows.map(({ reply }) => JSON.parse(reply) as RunReply);
    },
  };
  const runtime = new AgentRuntime({
    database,
    clock,
    newId: ids,
    random: () => 0.5,
    settings: () => world.settings,
    backends: { for: async () => backend, models: () => backend.models() },
    toolsFor: () => options.tools ?? [],
    workspaceFiles: async () => [],
    onEvent: (event) => events.push(event),
    reply: (sql, reply) => sql.run("INSERT INTO outbox (reply) VALUES (?)", JSON.stringify(reply)),
    houseFacts: {
      gatewayStatus: () => ({ version: "1.2.3", startedAtMs: clock.now() - 120_000, clients: 2, problems: [] }),
      nodes: () => [{ name: "attic", platform: "linux", isConnected: true }],
      channels: () => [],
      models: () => [],
    },
    log: {
      warn: (fields, message) => logged.push(`${message} ${JSON.stringify(fields)}`),
      error: (fields, message) => logged.push(`${message} ${JSON.stringify(fields)}`),
    },
    ...options.options,
  });
  onTestFinished(() => runtime.close());
  if (options.isClosed !== true) await runtime.open();
  return Object.assign(world, { runtime });
}

const owner = { isOwner: true, channel: "webchat", accountId: undefined, senderId: undefined, deviceId: "d1" };

/** Something that the owner says in the main session. */
export function turn(runId: string, text: string, more: Partial<TurnRequest> = {}): TurnRequest {
  const content: readonly MessagePart[] = [{ type: "text", text }];
  return { runId, sessionKey: "agent:main:main", agentId: "main", content, plainText: text, principal: owner, ...more };
}

/** Where Telegram's answers go. */
export const route = { channel: "telegram", accountId: "default", to: "7", isDirect: true };
export const stranger = {
  isOwner: false,
  channel: "telegram",
  accountId: "default",
  senderId: "7",
  deviceId: undefined,
};

/** Waits, without waiting for time, until something holds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let turns = 0; turns < 20_000; turns++) {
    if (await holds()) return;
    await new Promise((next) => setImmediate(next));
  }
  throw new Error(`this never came: ${what}`);
}

/** The texts of the requests that a model got, without the system prompt. */
export function askedTexts(request: ThinkRequest | undefined): readonly string[] {
  return (request?.messages ?? []).map(
    (message) =>
      `${message.role}: ${message.content.map((part) => (part.type === "text" ? part.text : part.type)).join(" ")}`,
  );
}
