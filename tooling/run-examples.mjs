// Runs every example as its reader would. An example ends with 0 only when its story came true.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";

const stories = readdirSync("examples").filter((name) => existsSync(`examples/${name}/main.ts`));
let failed = 0;
for (const story of stories) {
  const done = spawnSync(process.execPath, ["--conditions=@saltgate/source", `examples/${story}/main.ts`], {
    encoding: "utf8",
    timeout: 120_000,
  });
  const good = done.status === 0;
  if (!good) failed += 1;
  console.log(`${good ? "ok  " : "FAIL"} ${story}`);
  if (!good) console.log(`${done.stdout}${done.stderr}`);
}
const out = process.argv.indexOf("--json");
if (out !== -1) writeFileSync(process.argv[out + 1], JSON.stringify({ passed: stories.length - failed, failed }));
process.exit(failed === 0 ? 0 : 1);
