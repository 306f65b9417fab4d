import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Measurement } from "./bench.ts";
import { BENCHES } from "./benches/index.ts";
import { asPage, asTable } from "./report.ts";

const ROOT = join(import.meta.dirname, "../../..");
const { values, positionals } = parseArgs({
  options: { write: { type: "boolean" }, long: { type: "boolean" } },
  allowPositionals: true,
});
const names = BENCHES.map(({ name }) => name);
const unknown = positionals.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`There is no benchmark "${unknown.join(", ")}". There are: ${names.join(", ")}\n`);
  process.exit(2);
}
const built = ["apps/cli/dist/main.js", "apps/node/dist/saltgate-node.js", "packages/client/dist/index.js"];
if (!built.every((file) => existsSync(join(ROOT, file)))) {
  process.stderr.write("What is measured is what is built, and something is not. Run: pnpm build\n");
  process.exit(1);
}
const measurements: Measurement[] = [];
for (const bench of BENCHES) {
  if (positionals.length > 0 && !positionals.includes(bench.name)) continue;
  process.stderr.write(`${bench.name} …\n`);
  measurements.push(...(await bench.run(values.long === true)));
}
process.stdout.write(`${asTable(measurements)}\n`);
if (values.write === true) {
  const page = join(ROOT, "docs/performance.md");
  // A whole run starts the page afresh; otherwise what wasn't measured again stays.
  const before = positionals.length > 0 && existsSync(page) ? readFileSync(page, "utf8") : "";
  writeFileSync(page, asPage(measurements, before));
}
