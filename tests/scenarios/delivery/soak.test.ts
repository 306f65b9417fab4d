import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import type { FaultKind } from "../../../tooling/emulators/src/telegram/faults.ts";
import { CANARY } from "../../support/sandbox.ts";
import { DeliveryWorld } from "./support/delivery-world.ts";
import { Flow } from "./support/flow.ts";
import { verdictOn } from "./support/verdict.ts";

const SECONDS = Number(process.env["SALTGATE_SOAK_S"] ?? 10);

/** What may be remembered after everything is over: counted by account and by chat, and bounded. */
const remembered = ["accounts", "drops", "paced", "cooldowns", "listeners"];

/** What the gateway holds, and its resident memory in MiB. */
async function sizesOf({ port }: DeliveryWorld): Promise<{ sizes: Record<string, number>; residentMiB: number }> {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { authorization: `Bearer ${CANARY}` } });
  const text = await answer.text();
  const rows = [...text.matchAll(/^saltgate_conversation_size\{what="(\w+)"\} (\d+)$/gm)];
  const resident = /^process_resident_memory_bytes (\d+)/m.exec(text)?.[1];
  return {
    sizes: Object.fromEntries(rows.map(([, what, value]) => [what ?? "", Number(value)])),
    residentMiB: Math.round(Number(resident) / 1_048_576),
  };
}

test(`[delivery:bounded] after ${SECONDS} seconds of mixed traffic every queue is empty again, and everything was answered once`, {
  timeout: 180_000 + SECONDS * 2_000,
}, async () => {
  await using world = await DeliveryWorld.create({ lineMs: 20 });
  console.log(`soak: SALTGATE_SEED=${world.random.seed} SALTGATE_SOAK_S=${SECONDS}`);
  await world.serve();
  const flow = new Flow(world);
  const failed = flow.begin();
  const faults = async (): Promise<void> => {
    const until = Date.now() + SECONDS * 1_000;
    while (Date.now() < until) {
      // Not a wait for anything: it chooses the moments of faults, and of looks at what is held.
      await pause(Math.min(2_000, until - Date.now()));
      const kind = world.random.pick<FaultKind>(["error-before", "cut-before", "error-after"]);
      world.telegram.faults.add({ kind, method: "sendMessage" });
      console.log(`soak: ${JSON.stringify(await sizesOf(world))}`);
    }
  };
  await Promise.race([faults(), failed]);
  await flow.end();
  await world.settled();
  const { broken, counts } = await verdictOn(world, flow);
  const { sizes, residentMiB } = await sizesOf(world);
  console.log(`soak: ${JSON.stringify({ counts, sizes, residentMiB })}`);
  expect(broken).toEqual([]);
  expect(Object.keys(sizes).length).toBeGreaterThan(10);
  const left = Object.entries(sizes).filter(([what, size]) => size > 0 && !remembered.includes(what));
  expect(left).toEqual([]);
  for (const what of remembered) expect(sizes[what] ?? 0, what).toBeLessThan(100);
});
