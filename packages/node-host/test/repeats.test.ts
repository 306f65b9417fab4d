import { describe, expect, test } from "vitest";
import { defineCommand, memoryJournal, NodeCommandError } from "../src/index.ts";
import { gate, startWorld } from "./support/world.ts";

function counting(effect?: "none" | "whole" | "declared") {
  const open = gate();
  let runs = 0;
  const command = defineCommand<{ refuse?: boolean }>({
    name: "test.count",
    cap: "test",
    ...(effect && { effect }),
    run: async ({ refuse }, context) => {
      if (refuse) throw new NodeCommandError("UNAVAILABLE", "SYSTEM_RUN_DENIED: approval required");
      if (effect === "declared") await context.begin();
      runs += 1;
      const run = runs;
      await open.opened;
      return { run };
    },
  });
  return { command, open: () => open.open(), runs: () => runs };
}

describe("repeats", () => {
  test.each(["whole", "declared"] as const)(
    "[node-host:at-most-once] repeats: one that comes while it runs joins it, one that comes later gets the same answer (%s)",
    async (effect) => {
      const { command, open, runs } = counting(effect);
      await using at = await startWorld([command]);
      const first = at.ask("test.count", { idempotencyKey: "k", params: { a: 1, b: 2 } });
      const second = at.ask("test.count", { idempotencyKey: "k", params: { b: 2, a: 1 } });
      await at.invoke("no.such");
      open();
      expect((await at.answerTo(first)).payloadJSON).toBe('{"run":1}');
      expect((await at.answerTo(second)).payloadJSON).toBe('{"run":1}');
      expect((await at.invoke("test.count", { idempotencyKey: "k", params: { a: 1, b: 2 } })).payloadJSON).toBe(
        '{"run":1}',
      );
      expect(runs()).toBe(1);
      expect((await at.invoke("test.count", { idempotencyKey: "other" })).payloadJSON).toBe('{"run":2}');
      expect(at.host.invocations.repeated).toBe(2);
    },
  );

  test("[node-host:at-most-once] repeats: over a lost connection the repeat gets the answer of the one run", async () => {
    const { command, open, runs } = counting();
    await using at = await startWorld([command]);
    at.ask("test.count", { idempotencyKey: "k" });
    await at.invoke("no.such");
    await at.reconnect();
    const again = at.ask("test.count", { idempotencyKey: "k" });
    open();
    expect((await at.answerTo(again)).payloadJSON).toBe('{"run":1}');
    expect(runs()).toBe(1);
  });

  test("[node-host:key-reused] repeats: the key of another invocation is refused, while that runs and later", async () => {
    const { command, open, runs } = counting();
    await using at = await startWorld([command]);
    const first = at.ask("test.count", { idempotencyKey: "k", params: { a: 1 } });
    const reused = { code: "INVALID_REQUEST", message: expect.stringContaining("IDEMPOTENCY_KEY_REUSED") };
    expect((await at.invoke("test.count", { idempotencyKey: "k", params: { a: 2 } })).error).toEqual(reused);
    open();
    await at.answerTo(first);
    expect((await at.invoke("test.count", { idempotencyKey: "k", params: { a: 3 } })).error).toEqual(reused);
    expect(runs()).toBe(1);
  });

  test("[node-host:refusals-not-remembered] repeats: what was refused before it began may be asked again with the same key", async () => {
    const { command, open, runs } = counting("declared");
    open();
    await using at = await startWorld([
      { ...command, identityOf: ({ refuse: _refuse, ...rest }: { refuse?: boolean }) => rest } as typeof command,
    ]);
    expect((await at.invoke("test.count", { idempotencyKey: "k", params: { refuse: true } })).ok).toBe(false);
    expect((await at.invoke("test.count", { idempotencyKey: "k" })).payloadJSON).toBe('{"run":1}');
    // Now that it ran, a repeat of either kind gets its answer.
    expect((await at.invoke("test.count", { idempotencyKey: "k", params: { refuse: true } })).payloadJSON).toBe(
      '{"run":1}',
    );
    expect(runs()).toBe(1);
  });

  test("repeats: a command that only looks is not remembered", async () => {
    const { command, open, runs } = counting("none");
    open();
    await using at = await startWorld([command]);
    for (const run of [1, 2])
      expect((await at.invoke("test.count", { idempotencyKey: "k" })).payloadJSON).toBe(`{"run":${run}}`);
    expect(runs()).toBe(2);
  });

  test("repeats: after its time was up, a repeat learns what came of it", async () => {
    const { command, open } = counting();
    await using at = await startWorld([command]);
    const first = at.ask("test.count", { idempotencyKey: "k", timeoutMs: 1_000 });
    await at.invoke("no.such");
    at.clock.advance(1_000);
    expect((await at.answerTo(first)).error?.code).toBe("TIMEOUT");
    open();
    expect((await at.invoke("test.count", { idempotencyKey: "k" })).payloadJSON).toBe('{"run":1}');
  });

  test("[node-host:journal-first] repeats: what can't be written down is not begun", async () => {
    const { command, open, runs } = counting();
    open();
    const journal = { ...memoryJournal(), begin: () => Promise.reject(new Error("ENOSPC: /secret/path")) };
    await using at = await startWorld([command], { journal });
    expect((await at.invoke("test.count", { idempotencyKey: "k" })).error).toEqual({
      code: "UNAVAILABLE",
      message: expect.stringMatching(/^JOURNAL_FAILED: /),
    });
    expect(runs()).toBe(0);
    expect((await at.invoke("test.count")).ok).toBe(true); // without a key there is nothing to remember
  });
});
