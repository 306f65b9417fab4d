// What `npm test` runs: build, the full check, every test, the examples, the runtimes. Ends with one line of counts.
// `npm test -- packages/pairing` runs the tests of one room only.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const scratch = mkdtempSync(join(tmpdir(), "saltgate-test-"));
const env = { ...process.env, PATH: `${join(process.cwd(), "node_modules", ".bin")}:${process.env.PATH}` };
const counts = { passed: 0, failed: 0 };

function run(command, args) {
  return spawnSync(command, args, { stdio: "inherit", env }).status ?? 1;
}

function count(passed, failed) {
  counts.passed += passed;
  counts.failed += failed;
}

/** Runs a step that leaves `{passed, failed}` in a file; without the file the whole step counts as one failure. */
function countedStep(title, command, args) {
  console.log(`\n== ${title}`);
  const file = join(scratch, `${title.replaceAll(" ", "-")}.json`);
  const status = run(command, [...args, "--json", file]);
  if (!existsSync(file)) return count(0, 1);
  const { passed, failed } = JSON.parse(readFileSync(file, "utf8"));
  count(passed, failed === 0 && status !== 0 ? 1 : failed);
}

function vitest(rooms) {
  console.log("\n== tests");
  const file = join(scratch, "vitest.json");
  const args = ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const status = run("vitest", [...args, ...rooms.flatMap((room) => ["--project", room])]);
  if (!existsSync(file)) return count(0, 1);
  const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(file, "utf8"));
  count(numPassedTests, numFailedTests === 0 && status !== 0 ? 1 : numFailedTests);
}

const rooms = process.argv.slice(2);
try {
  console.log("== build");
  count(...(run("pnpm", ["--silent", "build"]) === 0 ? [1, 0] : [0, 1]));
  if (rooms.length === 0) countedStep("check", "node", ["tooling/check.mjs"]);
  vitest(rooms);
  if (rooms.length === 0) {
    countedStep("examples", "node", ["tooling/run-examples.mjs"]);
    countedStep("runtimes", "node", ["tooling/runtimes/run.mjs"]);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`\n${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed === 0 ? 0 : 1);
