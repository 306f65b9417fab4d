// Carries random texts through random failures: a platform that refuses, loses answers, is late and is asked to wait; a
// process that dies anywhere; clocks that are set. The platform itself is exact: what it carried out, it carried out once.
import type { SqlDatabase, SqlTransaction } from "@saltgate/store";
import {
  type ChannelConnection,
  ChannelError,
  Courier,
  type Delivery,
  Outbox,
  type OutboxOptions,
  type OutboxRow,
  type Receipt,
  type Reconciling,
} from "../src/index.ts";
import { ManualClock, makeDescriptor, makeLogger, settled } from "./worlds.ts";

export type Random = () => number;

/** A small generator, so that a seed is a whole run. */
function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Shown {
  readonly messageId: string;
  readonly deliveryId: string;
  readonly to: string;
  text: string;
  isDeleted: boolean;
}

/** What people see, and how well the platform behaves. */
class Platform implements ChannelConnection {
  readonly shown: Shown[] = [];
  isWell = false;
  /** Sends and edits under way, by conversation. */
  readonly #under = new Map<string, number>();
  mostAtOnce = 0;
  #generation = 0;
  readonly #late = new Set<() => void>();
  readonly #clock: ManualClock;
  readonly #random: Random;
  readonly #reconciling: Reconciling;

  constructor(clock: ManualClock, random: Random, reconciling: Reconciling) {
    this.#clock = clock;
    this.#random = random;
    this.#reconciling = reconciling;
  }

  async run(): Promise<void> {}

  async probe(): Promise<{ ok: boolean; elapsedMs: number }> {
    return { ok: true, elapsedMs: 0 };
  }

  /** The process at the other end is gone; nobody hears any answer any more. */
  hangUp(): void {
    this.#generation += 1;
    this.#under.clear();
  }

  /** What is late comes about, as time passed while no process ran. */
  catchUp(): void {
    for (const carryOut of this.#late) carryOut();
  }

  async send(delivery: Delivery): Promise<Receipt> {
    const { to } = delivery.target;
    const under = (this.#under.get(to) ?? 0) + 1;
    this.#under.set(to, under);
    this.mostAtOnce = Math.max(this.mostAtOnce, under);
    const generation = this.#generation;
    const heard = await this.#attempt(delivery).then(
      (receipt) => () => receipt,
      (error: unknown) => () => {
        throw error;
      },
    );
    if (generation !== this.#generation) return await new Promise(() => undefined);
    this.#under.set(to, (this.#under.get(to) ?? 1) - 1);
    return heard();
  }

  async #attempt(delivery: Delivery): Promise<Receipt> {
    const dice = this.isWell ? 1 : this.#random();
    if (dice < 0.12) throw new ChannelError("transient", "away");
    if (dice < 0.16) throw new ChannelError("rate", "too fast", { retryAfterMs: this.#random() * 5_000 });
    if (dice < 0.18) throw new ChannelError("refused", "it will never take this");
    if (dice < 0.28) throw new ChannelError("unknown-outcome", "lost on the way there");
    if (dice < 0.36) {
      this.#carryOut(delivery);
      throw new ChannelError("unknown-outcome", "lost on the way back");
    }
    if (dice < 0.44) {
      this.#later(delivery);
      throw new Error("socket hang up");
    }
    if (dice < 0.5) {
      // It takes a while; a process may die meanwhile.
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#later(delivery, resolve);
      await promise;
    }
    return this.#carryOut(delivery);
  }

  /** Carried out within three seconds, whoever still listens. */
  #later(delivery: Delivery, done?: () => void): void {
    const carryOut = (): void => {
      if (!this.#late.delete(carryOut)) return;
      if (done === undefined) this.#carryOutQuietly(delivery);
      else done();
    };
    this.#late.add(carryOut);
    this.#clock.after(Math.floor(this.#random() * 2_900), carryOut);
  }

  #carryOutQuietly(delivery: Delivery): void {
    try {
      this.#carryOut(delivery);
    } catch {
      // nobody listens
    }
  }

  #carryOut({ id, target, content }: Delivery): Receipt {
    if (content.kind === "edit") {
      const message = this.shown.find(({ messageId, isDeleted }) => messageId === content.messageId && !isDeleted);
      if (message === undefined) throw new ChannelError("gone", "message to edit not found");
      message.text = content.text;
      return { messageId: content.messageId };
    }
    const before = this.shown.find((one) => one.deliveryId === id && !one.isDeleted);
    if (this.#reconciling === "idempotent" && before !== undefined) return { messageId: before.messageId };
    if (content.kind !== "text") throw new ChannelError("refused", "only texts here");
    const messageId = String(this.shown.length + 1);
    this.shown.push({ messageId, deliveryId: id, to: target.to, text: content.text, isDeleted: false });
    return { messageId };
  }

  async reconcile(delivery: Delivery) {
    const dice = this.isWell ? 1 : this.#random();
    if (dice < 0.2) throw new ChannelError("transient", "away");
    const found = this.shown.find((one) => one.deliveryId === delivery.id && !one.isDeleted);
    if (found) return { outcome: "sent", receipt: { messageId: found.messageId } } as const;
    return { outcome: "not-sent" } as const;
  }
}

/** A database whose process can die: from then on it answers nobody. */
class Mortal implements SqlDatabase {
  isDead = false;
  readonly file: string;
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
    this.file = database.file;
  }

  read<R>(work: (sql: SqlTransaction) => R): Promise<R> {
    return this.#alive(() => this.#database.read(work));
  }

  write<R>(work: (sql: SqlTransaction) => R): Promise<R> {
    return this.#alive(() =>
      this.#database.write((sql) => {
        if (this.isDead) throw new Error("died before it was committed");
        return work(sql);
      }),
    );
  }

  async #alive<R>(work: () => Promise<R>): Promise<R> {
    if (this.isDead) return await new Promise(() => undefined);
    const result = await work().catch((error: unknown) => {
      if (!this.isDead) throw error;
      return undefined as R;
    });
    return this.isDead ? await new Promise(() => undefined) : result;
  }

  async close(): Promise<void> {}
}

interface Text {
  readonly key: string;
  readonly to: string;
  text: string;
  isLive: boolean;
}

export interface WalkOptions {
  readonly seed: number;
  /** Opens the database of this walk, at its beginning and after every death. */
  readonly open: () => Promise<SqlDatabase>;
  readonly steps?: number;
  /** An outbox that is wrong in one way, to see whether that is noticed. @default the real one */
  readonly outboxOf?: (options: OutboxOptions) => Outbox;
}

export interface WalkResult {
  /** What was promised and isn't so, with the steps that led there. */
  readonly violation: string | undefined;
  readonly outcomes: Record<string, number>;
}

/** One random walk, and whether every text came to the end that it was promised. */
export async function walk({ seed, open, steps = 24, outboxOf }: WalkOptions): Promise<WalkResult> {
  const random = randomOf(seed);
  const upTo = (n: number): number => Math.floor(random() * n);
  const clock = new ManualClock();
  const reconciling = (["ask", "idempotent", "none"] as const)[upTo(3)] ?? "ask";
  const platform = new Platform(clock, random, reconciling);
  const account = { channel: "telegram", accountId: `walk-${seed}` };
  const texts: Text[] = [];
  const trace: string[] = [reconciling];
  const turns = 6;
  const logger = makeLogger();
  let isConnected = true;
  const start = async () => {
    const database = new Mortal(await open());
    const options = { database, now: () => clock.now() };
    const outbox = outboxOf?.(options) ?? new Outbox(options);
    const courier = new Courier({
      account,
      descriptor: makeDescriptor(reconciling, { perSecond: 1_000, perConversationMs: 50, perEditMs: 100 }),
      connection: platform,
      outbox,
      isConnected: () => isConnected,
      file: () => Promise.reject(new Error("no files here")),
      clock,
      random,
      logger,
      ended: () => undefined,
    });
    await courier.start();
    return { database, outbox, courier };
  };
  let process = await start();

  const add = async (isLive: boolean): Promise<void> => {
    const text = { key: `${seed}:${texts.length}`, to: String(upTo(3)), text: `text ${texts.length}`, isLive };
    texts.push(text);
    const delivery = { ...account, key: text.key, target: { to: text.to }, live: isLive };
    const content = { kind: "text", text: text.text } as const;
    await process.database.write((sql) => process.outbox.add(sql, { ...delivery, content }));
    process.courier.nudge();
  };
  const finish = async (text: Text): Promise<void> => {
    text.isLive = false;
    if (random() < 0.8) text.text += " and its end";
    await process.database.write((sql) => process.outbox.finish(sql, text.key, text.text));
    process.courier.grown(text.key);
  };
  const die = async (): Promise<void> => {
    process.database.isDead = true;
    platform.hangUp();
    clock.forget();
    await settled(turns);
    platform.catchUp();
    if (random() < 0.3) clock.set(Math.round((random() - 0.7) * 7_200_000));
    process = await start();
  };
  const step = async (): Promise<void> => {
    const live = texts.filter(({ isLive }) => isLive);
    const one = live[upTo(live.length)];
    const dice = upTo(20);
    trace.push(String(dice));
    if (dice < 5) return add(false);
    if (dice < 7) return add(true);
    if (dice < 9 && one) return process.courier.grow(one.key, `${one.text} ${"grows ".repeat(upTo(5))}`);
    if (dice < 11 && one) return finish(one);
    if (dice === 11) return die();
    if (dice === 12) return clock.set(Math.round((random() - 0.5) * 7_200_000));
    if (dice === 13) isConnected = !isConnected;
    if (dice === 14 && one) {
      const message = platform.shown.find(({ text }) => text.startsWith(one.text));
      if (message) message.isDeleted = true;
    }
    if (dice === 15) await process.courier.stop(Promise.resolve()).then(die);
    process.courier.nudge();
    await clock.advance(random() < 0.5 ? upTo(200) : upTo(6_000), turns);
  };
  for (let n = 0; n < steps; n += 1) await step();

  platform.isWell = true;
  isConnected = true;
  for (const text of texts.filter(({ isLive }) => isLive)) await finish(text);
  process.courier.nudge();
  const rowsOf = (): Promise<readonly (OutboxRow | undefined)[]> =>
    Promise.all(texts.map(({ key }) => process.outbox.find(key)));
  const isOver = (rows: readonly (OutboxRow | undefined)[]): boolean =>
    rows.every((row) => row && ["sent", "failed", "unknown", "expired"].includes(row.state));
  let rows = await rowsOf();
  for (let hour = 0; hour < 8 && !isOver(rows); hour += 1) {
    await clock.advance(600_000, turns);
    rows = await rowsOf();
  }
  // Longer than the longest pause there is: what still waits now waits for nothing.
  const violations: string[] = [];
  const outcomes: Record<string, number> = {};
  if (platform.mostAtOnce > 1) violations.push("two at once in a conversation");
  for (const [index, text] of texts.entries()) {
    const row = rows[index];
    const seen = platform.shown.filter(({ deliveryId }) => deliveryId === row?.id);
    const visible = seen.filter(({ isDeleted }) => !isDeleted);
    const label = `${text.key} (${row?.state}, ${visible.length} visible, ${row?.error ?? "no error"})`;
    outcomes[row?.state ?? "lost"] = (outcomes[row?.state ?? "lost"] ?? 0) + 1;
    if (visible.length > 1) violations.push(`${label}: more than once`);
    if (row?.state === "sent") {
      const wasDeleted = seen.length > visible.length;
      if (visible.length === 0 && !wasDeleted) violations.push(`${label}: sent and not there`);
      if (visible[0] && visible[0].text !== text.text) violations.push(`${label}: shows "${visible[0].text}"`);
    } else if (row === undefined || !["failed", "unknown", "expired"].includes(row.state)) {
      violations.push(`${label}: came to no end`);
    } else if ((row.error ?? "") === "") violations.push(`${label}: doesn't say why`);
  }
  for (const to of ["0", "1", "2"]) {
    // What was deleted and sent afresh, and what a dead letter's first part showed, has no place of its own.
    const firsts = rows
      .filter((row) => row?.target.to === to)
      .map((row) => platform.shown.findIndex(({ deliveryId }) => deliveryId === row?.id))
      .filter((index) => index >= 0);
    if (firsts.some((index, n) => n > 0 && index < (firsts[n - 1] ?? 0))) violations.push(`${to}: out of order`);
  }
  await process.courier.stop(Promise.resolve());
  const violation =
    violations.length === 0 ? undefined : `seed ${seed}: ${violations.join("; ")}\nsteps: ${trace.join(" ")}`;
  return { violation, outcomes };
}
