import { spawnSync } from "node:child_process";

// dependency-cruiser reads TypeScript with a compiler of its own (see pnpm-workspace.yaml). Should that ever stop working
// it sees no module at all and still reports success, so what it saw is counted.
const EXPECTED_MODULES = 60;
const done = spawnSync(
  "node_modules/.bin/depcruise",
  ["packages", "apps", "--config", "tooling/layers/dependency-cruiser.mjs", "--output-type", "json"],
  { encoding: "utf8", maxBuffer: 256 * 1024 * 1024 },
);
if (done.error !== undefined) throw done.error;
interface Report {
  readonly summary: {
    readonly totalCruised: number;
    readonly violations: readonly {
      readonly from: string;
      readonly to: string;
      readonly rule: { readonly name: string };
    }[];
  };
}
const { summary }: Report = JSON.parse(done.stdout);
for (const { from, to, rule } of summary.violations) console.log(`${rule.name}: ${from} -> ${to}`);
if (summary.totalCruised < EXPECTED_MODULES) {
  console.log(`only ${summary.totalCruised} modules were read; at least ${EXPECTED_MODULES} were expected`);
}
process.exitCode = summary.violations.length === 0 && summary.totalCruised >= EXPECTED_MODULES ? 0 : 1;
