import { describe, expect, test } from "vitest";
import {
  type AccountContext,
  AccountKeeper,
  type ChannelAccount,
  type ChannelAdapter,
  type ChannelConnection,
  ChannelError,
  Inbox,
  MediaShelf,
  Outbox,
} from "../src/index.ts";
import {
  ManualClock,
  makeDescriptor,
  makeDirectory,
  makeLogger,
  openDatabase,
  policy,
  ScriptedConnection,
  settled,
} from "./worlds.ts";

type Run = (signal: AbortSignal, context: AccountContext, time: number) => Promise<void>;

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });

/** Connected until it is told to end. */
const steady: Run = async (signal, { status }) => {
  status({ connected: true, health: "connected" });
  await untilAborted(signal);
};

async function makeKeeper(run: Run = steady, change: Partial<ChannelAccount> = {}) {
  const directory = await makeDirectory();
  const clock = new ManualClock();
  const database = openDatabase(directory);
  await database.read((sql) => sql.get("SELECT 1")); // opening a file takes real time
  const now = (): number => clock.now();
  const inbox = new Inbox({ database, now, arrived: () => undefined });
  const outbox = new Outbox({ database, now });
  const logger = makeLogger();
  const connection = new ScriptedConnection();
  const world = { opened: 0, open: 0, most: 0, changes: 0, ended: [] as string[], contexts: [] as AccountContext[] };
  const adapter: ChannelAdapter = {
    descriptor: makeDescriptor(),
    accounts: () => [],
    parseTarget: () => ({ ok: false, reason: "none here" }),
    render: (text) => text,
    open: async (context): Promise<ChannelConnection> => {
      world.opened += 1;
      world.contexts.push(context);
      return {
        run: async (signal) => {
          world.open += 1;
          world.most = Math.max(world.most, world.open);
          await run(signal, context, world.contexts.length).finally(() => {
            world.open -= 1;
          });
        },
        send: (delivery, signal) => connection.send(delivery, signal),
        probe: () => connection.probe(),
        typing: () => Promise.reject(new Error("typing is never missed")),
      };
    },
  };
  const account: ChannelAccount = {
    id: "main",
    name: undefined,
    enabled: true,
    notConfigured: undefined,
    policy,
    describe: {},
    fingerprint: "f",
    settings: {},
    ...change,
  };
  const keeper = new AccountKeeper({
    adapter,
    account,
    inbox,
    outbox,
    shelf: new MediaShelf({ directory: `${directory}/media`, now }),
    clock,
    random: () => 0,
    logger,
    ended: ({ key }) => world.ended.push(key),
    changed: () => {
      world.changes += 1;
    },
  });
  const say = async (key: string): Promise<void> => {
    const content = { kind: "text", text: key } as const;
    await database.write((sql) => outbox.add(sql, { ...keeper.ref, key, target: { to: "1" }, content }));
    keeper.nudge();
    await settled();
  };
  return { ...world, world, keeper, clock, connection, logger, outbox, say };
}

describe("account keeper", () => {
  test("[channels:keeper] account keeper: it runs, carries, and stops without a trace", async () => {
    const { keeper, world, clock, connection, say } = await makeKeeper();
    keeper.start();
    keeper.start();
    await settled();
    expect(keeper.status).toMatchObject({ running: true, connected: true, health: "connected" });
    await say("a");
    expect(connection.texts).toEqual(["a"]);
    expect(world.ended).toEqual(["a"]);
    keeper.typing({ to: "1" }, new AbortController().signal);
    await keeper.stop();
    expect(keeper.status).toMatchObject({ running: false, connected: false, health: "stopped" });
    expect(keeper.status.lastError).toBeUndefined();
    expect(keeper.connection).toBeUndefined();
    expect(world).toMatchObject({ opened: 1, open: 0 });
    expect(clock.timers).toBe(0);
    await say("b");
    expect(connection.texts).toEqual(["a"]);
  });

  test("[channels:keeper-restart] account keeper: what fails is started again with growing pauses", async () => {
    const starts: number[] = [];
    const { keeper, clock } = await makeKeeper(async () => {
      starts.push(clock.elapsedMs);
      throw new ChannelError("transient", "the network is away");
    });
    keeper.start();
    await clock.advance(60_000);
    expect(starts).toEqual([0, 2_000, 5_600, 12_080, 23_744, 44_739]);
    expect(keeper.status).toMatchObject({
      health: "reconnecting",
      lastError: "the network is away",
      reconnectAttempts: 6,
    });
    await keeper.stop();
    expect(clock.timers).toBe(0);
  });

  test("[channels:keeper-restart] account keeper: one that ran well starts its pauses anew, and one that just ends is started too", async () => {
    const starts: number[] = [];
    const { keeper, clock } = await makeKeeper(async (_, __, time) => {
      starts.push(clock.elapsedMs);
      if (time === 3) await new Promise<void>((resolve) => void clock.after(400_000, resolve));
    });
    keeper.start();
    await clock.advance(410_000);
    expect(starts.slice(0, 4)).toEqual([0, 2_000, 5_600, 407_600]);
    expect(keeper.status.lastError).toBe("the connection ended by itself");
    await keeper.stop();
  });

  test("[channels:keeper-restart] account keeper: another program on the account is met with a minute's patience", async () => {
    const starts: number[] = [];
    const { keeper, clock } = await makeKeeper(async () => {
      starts.push(clock.elapsedMs);
      throw new ChannelError("conflict", "another program reads this account");
    });
    keeper.start();
    await clock.advance(130_000);
    expect(starts).toEqual([0, 60_000, 120_000]);
    await keeper.stop();
  });

  test("[channels:keeper-auth] account keeper: refused credentials stop it, with the step that mends it", async () => {
    for (const [kind, health] of [
      ["auth", "logged-out"],
      ["config", "stopped"],
    ] as const) {
      const { keeper, world, clock } = await makeKeeper(async () => {
        throw new ChannelError(kind, "the token was revoked", { fix: "saltgate channels login telegram" });
      });
      keeper.start();
      await clock.advance(3_600_000);
      expect(world.opened).toBe(1);
      expect(keeper.status).toMatchObject({
        running: false,
        health,
        lastError: "the token was revoked",
        fix: "saltgate channels login telegram",
      });
      keeper.start();
      await settled();
      expect(world.opened).toBe(2);
    }
  });

  test("[channels:keeper-auth] account keeper: credentials that are refused while sending stop it too, and lose nothing", async () => {
    const { keeper, world, connection, say, outbox, clock } = await makeKeeper();
    connection.answer = async () => {
      throw new ChannelError("auth", "the token was revoked", { fix: "a new token" });
    };
    keeper.start();
    await settled();
    await say("a");
    expect(keeper.status).toMatchObject({ running: false, health: "logged-out", fix: "a new token" });
    expect(await outbox.find("a")).toMatchObject({ state: "waiting", attempts: 1 });
    expect(world.open).toBe(0);
    expect(clock.timers).toBe(0);
  });

  test("[channels:keeper] account keeper: it says why it doesn't start", async () => {
    const off = await makeKeeper(steady, { enabled: false });
    off.keeper.start();
    expect(off.keeper.status).toMatchObject({ running: false, health: "stopped", lastError: "disabled" });
    const bare = await makeKeeper(steady, { notConfigured: "no bot token" });
    bare.keeper.start();
    expect(bare.keeper.status).toMatchObject({ running: false, lastError: "no bot token" });
    expect(await bare.keeper.probe(new AbortController().signal)).toEqual({
      ok: false,
      elapsedMs: 0,
      error: "no bot token",
    });
    expect(off.world.opened + bare.world.opened).toBe(0);
  });

  test("[channels:keeper] account keeper: it probes whether it runs or not, and a failure is an answer", async () => {
    const { keeper, connection, world } = await makeKeeper();
    const signal = new AbortController().signal;
    expect(await keeper.probe(signal)).toMatchObject({ ok: true });
    world.contexts[0]?.status({ connected: true, health: "connected" });
    expect(keeper.status.connected).toBe(false);
    connection.probe = () => Promise.reject(new Error("401"));
    keeper.start();
    await settled();
    expect(await keeper.probe(signal)).toMatchObject({ ok: false, error: "401" });
    expect(world.opened).toBe(2);
    expect(keeper.times.probedAtMs).toBeDefined();
    await keeper.stop();
  });

  test("[channels:keeper-stop] account keeper: stopping lets a message that is on its way finish", async () => {
    const { keeper, connection, say, outbox } = await makeKeeper();
    const answer = Promise.withResolvers<{ messageId: string }>();
    connection.answer = () => answer.promise;
    keeper.start();
    await settled();
    await say("a");
    const stopped = keeper.stop();
    await settled();
    answer.resolve({ messageId: "1" });
    await stopped;
    expect(await outbox.find("a")).toMatchObject({ state: "sent" });
  });

  test("[channels:keeper-stop] account keeper: stopping takes fifteen seconds at most, whatever hangs", async () => {
    const { keeper, connection, say, clock, world, logger } = await makeKeeper(async (_, { status }) => {
      status({ connected: true });
      await new Promise(() => undefined);
    });
    connection.answer = () => new Promise(() => undefined);
    keeper.start();
    await settled();
    await say("a");
    let isStopped = false;
    const stopped = keeper.stop().then(() => {
      isStopped = true;
    });
    await clock.advance(14_999);
    expect(isStopped).toBe(false);
    await clock.advance(1);
    await stopped;
    expect(logger.lines.map(({ message }) => message)).toContain("a channel did not close its connection in time");
    // Never two connections at once: it starts again only when the old one has ended.
    keeper.start();
    await clock.advance(60_000);
    expect(world).toMatchObject({ opened: 1, most: 1 });
  });

  test("[channels:keeper-stop] account keeper: what an ended connection says doesn't count", async () => {
    const { keeper, world } = await makeKeeper();
    keeper.start();
    await settled();
    await keeper.stop();
    world.contexts[0]?.status({ connected: true, health: "connected" });
    expect(keeper.status).toMatchObject({ connected: false, health: "stopped" });
  });

  test("[channels:keeper-stop] account keeper: started and stopped fifty times quickly, there is never more than one, and nothing is left", async () => {
    const { keeper, world, clock } = await makeKeeper();
    for (let n = 0; n < 50; n += 1) {
      keeper.start();
      if (n % 3 === 0) await settled(n % 5);
      const stopped = keeper.stop();
      if (n % 2 === 0) await stopped;
    }
    await keeper.stop();
    await settled();
    expect(world.most).toBeLessThanOrEqual(1);
    expect(world.open).toBe(0);
    expect(keeper.status).toMatchObject({ running: false, connected: false });
    expect(clock.timers).toBe(0);
    keeper.start();
    void keeper.stop();
    keeper.start();
    await settled();
    expect(keeper.status).toMatchObject({ running: true, connected: true });
    expect(world.most).toBeLessThanOrEqual(1);
    await keeper.stop();
    expect(clock.timers).toBe(0);
  });
});
