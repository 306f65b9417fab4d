import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SqliteDatabase } from "@saltgate/store";
import { onTestFinished } from "vitest";
import {
  type AccountPolicy,
  type ChannelClock,
  type ChannelConnection,
  type ChannelDescriptor,
  type ChannelLogger,
  Courier,
  type CourierOptions,
  type Delivery,
  type InboundMessage,
  inboxSchema,
  Outbox,
  type OutboxLimits,
  type OutboxRow,
  outboxSchema,
  type RateRules,
  type Receipt,
  type Reconciling,
} from "../src/index.ts";

export const account = { channel: "telegram", accountId: "main" };

/** A folder of its own. `quick`: in memory where there is such a place, for what flushes ten thousand times. */
export async function makeDirectory(place: "disk" | "quick" = "disk"): Promise<string> {
  const root = place === "quick" && existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const directory = await mkdtemp(join(root, "saltgate-channel-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

export function openDatabase(directory: string): SqliteDatabase {
  const parts = [inboxSchema, outboxSchema];
  // Its time stands still: it never looks at its file again, which takes as many turns of the event loop as it likes.
  const database = new SqliteDatabase({ file: join(directory, "state.db"), parts, now: () => 0 });
  onTestFinished(() => database.close());
  return database;
}

/** Time that passes when a test says so. What is timed by timers goes on when the clock on the wall is set. */
export class ManualClock implements ChannelClock {
  #elapsedMs = 0;
  #wallMs = 1_800_000_000_000;
  #timers: { readonly atMs: number; readonly task: () => void }[] = [];

  now(): number {
    return this.#wallMs + this.#elapsedMs;
  }

  get elapsedMs(): number {
    return this.#elapsedMs;
  }

  get timers(): number {
    return this.#timers.length;
  }

  after(delayMs: number, task: () => void): () => void {
    const timer = { atMs: this.#elapsedMs + delayMs, task };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Somebody sets the clock on the wall. */
  set(byMs: number): void {
    this.#wallMs += byMs;
  }

  /** A process died, and its timers with it. */
  forget(): void {
    this.#timers = [];
  }

  /** Lets time pass, timer by timer, and whatever follows from each. */
  async advance(ms: number, turns?: number): Promise<void> {
    const untilMs = this.#elapsedMs + ms;
    await settled(turns);
    for (;;) {
      const [next] = this.#timers.toSorted((a, b) => a.atMs - b.atMs);
      if (next === undefined || next.atMs > untilMs) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#elapsedMs = Math.max(this.#elapsedMs, next.atMs);
      next.task();
      await settled(turns);
    }
    this.#elapsedMs = untilMs;
  }
}

/** Lets everything happen that needs no time to pass. A write takes one turn of the event loop. */
export async function settled(turns = 24): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

export interface Line {
  readonly level: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

export function makeLogger(): ChannelLogger & { readonly lines: Line[] } {
  const lines: Line[] = [];
  const to =
    (level: string) =>
    (fields: Readonly<Record<string, unknown>>, message: string): void => {
      lines.push({ level, fields, message });
    };
  return { lines, debug: to("debug"), info: to("info"), warn: to("warn"), error: to("error") };
}

export const noHurry: RateRules = { perSecond: 100_000, perConversationMs: 0, perEditMs: 0 };

export function makeDescriptor(reconciling: Reconciling = "ask", rate: RateRules = noHurry): ChannelDescriptor {
  return {
    id: "telegram",
    aliases: [],
    label: "Telegram",
    detailLabel: "Telegram Bot",
    systemImage: "paperplane",
    order: 1,
    capabilities: {
      conversations: ["direct", "group"],
      media: { out: true, in: true },
      voiceNotes: true,
      replies: true,
      threads: true,
      reactions: { out: true, in: true },
      edit: true,
      unsend: true,
      maxPollOptions: 10,
      typingMs: 5_000,
      readReceipts: false,
      commandMenu: true,
      buttons: true,
      liveText: "edit",
      reconciling,
    },
    limits: { textChunkChars: 4_000, maxTextChars: 4_096, maxCaptionChars: 1_024, maxMediaBytes: 1_000_000, rate },
  };
}

export type Answer = (delivery: Delivery, signal: AbortSignal) => Promise<Receipt>;

/** A platform that does what a test says, and remembers what it was asked. */
export class ScriptedConnection implements ChannelConnection {
  readonly sent: Delivery[] = [];
  readonly asked: { readonly delivery: Delivery; readonly handle: unknown }[] = [];
  answer: Answer = async ({ id }) => ({ messageId: `m-${id}` });
  reconcile: Required<ChannelConnection>["reconcile"] = async () => ({ outcome: "unknown", why: "not scripted" });

  async run(): Promise<void> {
    await new Promise<never>(() => undefined);
  }

  async send(delivery: Delivery, signal: AbortSignal): Promise<Receipt> {
    this.sent.push(delivery);
    return await this.answer(delivery, signal);
  }

  async probe(): Promise<{ ok: boolean; elapsedMs: number }> {
    return { ok: true, elapsedMs: 1 };
  }

  /** What was said, in order: texts and the texts of edits. */
  get texts(): readonly string[] {
    return this.sent.map(({ content }) => ("text" in content ? content.text : content.kind));
  }
}

export interface CourierWorld {
  readonly clock: ManualClock;
  readonly database: SqliteDatabase;
  readonly directory: string;
  readonly outbox: Outbox;
  readonly connection: ScriptedConnection;
  readonly ended: OutboxRow[];
  readonly courier: Courier;
  readonly logger: ReturnType<typeof makeLogger>;
  readonly blocked: unknown[];
  say(text: string, to?: string, more?: { key?: string; live?: boolean; ttlMs?: number }): Promise<string>;
  finish(key: string, text: string): Promise<void>;
  /** The same folder and the same time, in another process. */
  again(): Promise<CourierWorld>;
}

interface CourierSettings extends Partial<Omit<CourierOptions, "outbox" | "connection" | "descriptor" | "clock">> {
  readonly reconciling?: Reconciling;
  readonly rate?: RateRules;
  readonly limits?: Partial<OutboxLimits>;
  readonly before?: {
    readonly directory: string;
    readonly clock: ManualClock;
    readonly connection: ScriptedConnection;
  };
}

export async function makeCourier(settings: CourierSettings = {}): Promise<CourierWorld> {
  const { reconciling = "ask", rate = noHurry, limits, before, ...options } = settings;
  const directory = before?.directory ?? (await makeDirectory());
  const clock = before?.clock ?? new ManualClock();
  const connection = before?.connection ?? new ScriptedConnection();
  const database = openDatabase(directory);
  const outbox = new Outbox({ database, now: () => clock.now(), ...(limits && { limits }) });
  const ended: OutboxRow[] = [];
  const blocked: unknown[] = [];
  const logger = makeLogger();
  const courier = new Courier({
    account,
    descriptor: makeDescriptor(reconciling, rate),
    connection,
    outbox,
    isConnected: () => true,
    file: async ({ kind, fileName, mimeType }) => ({ kind, fileName, mimeType, bytes: new Uint8Array(1) }),
    clock,
    random: () => 0,
    logger,
    ended: (row) => ended.push(row),
    blocked: (error) => blocked.push(error),
    ...options,
  });
  await courier.start();
  let count = 0;
  return {
    clock,
    database,
    directory,
    outbox,
    connection,
    ended,
    courier,
    logger,
    blocked,
    async say(text, to = "42", { key, ...more } = {}) {
      count += 1;
      const delivery = {
        ...account,
        key: key ?? `k${count}`,
        target: { to },
        content: { kind: "text" as const, text },
      };
      const id = await database.write((sql) => outbox.add(sql, { ...delivery, ...more }));
      courier.nudge();
      return id;
    },
    async finish(key, text) {
      await database.write((sql) => outbox.finish(sql, key, text));
      courier.grown(key);
      await settled();
    },
    async again() {
      clock.forget();
      await database.close();
      return await makeCourier({ ...settings, before: { directory, clock, connection } });
    },
  };
}

export const policy: AccountPolicy = {
  dmPolicy: "pairing",
  allowFrom: [],
  groupPolicy: "allowlist",
  groupAllowFrom: undefined,
  groups: {},
  dangerouslyMatchNames: false,
  allowBots: false,
  historyLimit: 50,
  textChunkChars: undefined,
  chunkMode: "length",
  maxMediaBytes: undefined,
  streaming: "partial",
  replyToMode: "first",
  reactionNotifications: "own",
  markdownTables: "code",
};

/** Somebody's message; `n` makes it this one and no other. */
export function message(n: number | string, change: Partial<InboundMessage> = {}): InboundMessage {
  return {
    kind: "message",
    nativeId: `update:${n}`,
    messageId: String(n),
    conversation: { kind: "direct", id: "42" },
    sender: { id: "7", isSelf: false, isBot: false },
    sentAtMs: 1_800_000_000_000,
    text: `text ${n}`,
    media: [],
    mentions: { canDetect: true, explicit: false, any: false, implicit: false },
    ...change,
  };
}
