import { randomInt } from "node:crypto";
import { expect, test } from "vitest";
import { killRun } from "./support/kill-run.ts";

const KILLS = Number(process.env["SALTGATE_KILLS"] ?? 200);
const SEED = Number(process.env["SALTGATE_SEED"] ?? randomInt(2 ** 31));

test(`[delivery:kill] while the gateway is killed ${KILLS} times among chats and web pages, every accepted message is answered exactly once, in order, and history holds each turn once`, {
  timeout: 180_000 + KILLS * 5_000,
}, async () => {
  console.log(`killed-while-answering: SALTGATE_SEED=${SEED} SALTGATE_KILLS=${KILLS}`);
  const half = Math.ceil(KILLS / 2);
  // Both come to their end, also when one fails: no gateway outlives the test.
  const runs = await Promise.allSettled([
    killRun({ seed: SEED, kills: half, queueMode: "followup" }),
    killRun({
      seed: SEED + 1,
      kills: KILLS - half,
      queueMode: "collect",
      isWebhook: true,
      telegram: { streamMode: "off" },
    }),
  ]);
  const verdicts = runs.map((run) => {
    if (run.status === "rejected") throw run.reason;
    return run.value;
  });
  for (const { counts } of verdicts) console.log(`killed-while-answering: ${JSON.stringify(counts)}`);
  expect(verdicts.flatMap(({ broken }) => broken)).toEqual([]);
  // The run meant something: people were answered in between.
  for (const { counts } of verdicts) {
    expect(counts["answered in chats"]).toBeGreaterThan(3);
    expect(counts["taken from web chats"]).toBeGreaterThan(1);
  }
});
