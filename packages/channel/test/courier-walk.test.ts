import { SqliteDatabase } from "@saltgate/store";
import { describe, expect, onTestFinished, test } from "vitest";
import { type DeliveryOutcome, inboxSchema, Outbox, type OutboxRow, outboxSchema } from "../src/index.ts";
import { type WalkResult, walk } from "./courier-walk.ts";
import { makeDirectory, openDatabase } from "./worlds.ts";

/** The seed of a failure is in its message; put it here to walk it again. */
const firstSeed = 1;

test("[channels:delivery-walk] courier walk: every text ends visible once and in order, or is a dead letter that says why", {
  timeout: 120_000,
}, async () => {
  const database = openDatabase(await makeDirectory("quick"));
  const results: WalkResult[] = [];
  const count = 1_000;
  const atOnce = 250;
  for (let seed = firstSeed; seed < firstSeed + count; seed += atOnce) {
    const seeds = Array.from({ length: atOnce }, (_, n) => seed + n);
    results.push(...(await Promise.all(seeds.map((one) => walk({ seed: one, open: async () => database })))));
  }
  expect(results.flatMap(({ violation }) => violation ?? [])).toEqual([]);
  const outcomes: Record<string, number> = {};
  for (const result of results) {
    for (const [state, n] of Object.entries(result.outcomes)) outcomes[state] = (outcomes[state] ?? 0) + n;
  }
  for (const state of ["sent", "failed", "unknown"]) expect(outcomes[state], state).toBeGreaterThan(100);
  console.log(`walked ${count} schedules of deliveries: ${JSON.stringify(outcomes)}`);
});

test("[channels:delivery-walk] courier walk: the same when the file is closed and opened again at every death", {
  timeout: 120_000,
}, async () => {
  for (let seed = 100_001; seed <= 100_020; seed += 1) {
    const directory = await makeDirectory("quick");
    let open: SqliteDatabase | undefined;
    onTestFinished(() => open?.close());
    const { violation } = await walk({
      seed,
      open: async () => {
        await open?.close();
        open = new SqliteDatabase({ file: `${directory}/state.db`, parts: [inboxSchema, outboxSchema], now: () => 0 });
        return open;
      },
    });
    expect(violation).toBeUndefined();
  }
});

/** Outboxes that are wrong in one way each. */
const mutants = {
  "what nobody heard of is simply sent again": class extends Outbox {
    override settle(seq: number, outcome: DeliveryOutcome): Promise<OutboxRow | undefined> {
      const again = { state: "waiting", pauseMs: 0, error: "again", errorKind: "transient" } as const;
      return super.settle(seq, outcome.state === "unsure" ? again : outcome);
    }
  },
  "what was on its way at a death stays so": class extends Outbox {
    override async recover(): Promise<number> {
      return 0;
    }
  },
  "an attempt isn't noted": class extends Outbox {
    override async begin(): Promise<boolean> {
      return true;
    }
  },
  "the end of a live text is forgotten": class extends Outbox {
    override finish(): boolean {
      return true;
    }
  },
};

describe("[channels:delivery-walk] the courier walk catches an outbox in which", () => {
  test.each(Object.entries(mutants))("%s", async (_, Mutant) => {
    const database = openDatabase(await makeDirectory("quick"));
    const seeds = Array.from({ length: 40 }, (__, n) => n + 1);
    const results = await Promise.all(
      seeds.map((seed) => walk({ seed, open: async () => database, outboxOf: (options) => new Mutant(options) })),
    );
    expect(results.flatMap(({ violation }) => violation ?? [])).not.toEqual([]);
  });
});
