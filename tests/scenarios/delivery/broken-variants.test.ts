import { expect, test } from "vitest";
import { killRun } from "./support/kill-run.ts";

/** How long a broken gateway gets, in milliseconds: it starts from its sources. */
const timeout = 240_000;

test("[delivery:kill-mutants] a gateway that blindly sends again what was on its way is caught", {
  timeout,
}, async () => {
  const { broken } = await killRun({ broken: "blind-resend", kills: 8, dies: "sending", lineMs: 150 });
  expect(broken.join("\n")).toMatch(/was answered \d+ times/);
});

test("[delivery:kill-mutants] a gateway that confirms what came in before it is on the disk is caught", {
  timeout,
}, async () => {
  const { broken } = await killRun({ broken: "confirms-first", kills: 6, dies: "receiving", repeats: false });
  expect(broken.join("\n")).toMatch(/was never answered/);
});

test("[delivery:kill-mutants] a gateway that knows no repeats is caught", { timeout }, async () => {
  const { broken } = await killRun({ broken: "knows-no-repeats", kills: 2, dies: "receiving" });
  expect(broken.join("\n")).toMatch(/was answered \d+ times/);
});
