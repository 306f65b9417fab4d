import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { describeDrift, findDrift, generate, selectTargets } from "./generate.ts";

// node --conditions=@saltgate/source tooling/codegen/src/main.ts [swift|kotlin] [--check]
const { values, positionals } = parseArgs({ options: { check: { type: "boolean" } }, allowPositionals: true });
const [only, ...more] = positionals;
if (more.length > 0 || (only !== undefined && only !== "swift" && only !== "kotlin")) {
  console.error("usage: main.ts [swift|kotlin] [--check]");
  process.exit(2);
}
const root = fileURLToPath(new URL("../../..", import.meta.url));
const targets = selectTargets(only);
if (values.check === true) {
  const drift = findDrift(root, targets);
  for (const one of drift) console.error(describeDrift(one));
  process.exitCode = drift.length === 0 ? 0 : 1;
} else {
  const written = generate(root, targets);
  console.log(written.length === 0 ? "Nothing has changed." : written.map((path) => `wrote ${path}`).join("\n"));
}
