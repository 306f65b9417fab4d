import { expect, test } from "vitest";
import { killRun } from "./support/kill-run.ts";

test("[delivery:stop] a gateway that is told to stop while it answers loses nothing and says nothing twice", {
  timeout: 240_000,
}, async () => {
  const { broken, counts, seed } = await killRun({ kills: 5, dies: "sending", signal: "SIGTERM" });
  console.log(`stopped-while-answering: SALTGATE_SEED=${seed} ${JSON.stringify(counts)}`);
  expect(broken).toEqual([]);
  // In order means that nothing is left in doubt.
  expect(counts["uncertain deliveries"]).toBe(0);
});
