// The full check: types, lint, format, layers, cycles, dead exports, package maps, generated files. Each step is one
// line; all run, so that one look shows everything. `--json FILE` leaves the counts for the test job.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { packageRooms } from "./layers/src/rooms.ts";

const publishable = packageRooms(".")
  .filter((room) => JSON.parse(readFileSync(`${room}/package.json`, "utf8")).private !== true)
  .map((room) => room.slice("packages/".length));
// Packages of one kind share a folder that is no package itself: packages/channels, packages/backends.
const ignored = ["root-package-manager-field", "packages-without-package-json"];
const steps = [
  ["types", "tsc", ["-b"]],
  ["types of tests and tools", "tsc", ["-p", "tsconfig.tests.json"]],
  ["format and lint", "biome", ["ci", "--colors=off", "--error-on-warnings", "."]],
  [
    "promises and switches",
    "oxlint",
    [
      "--type-aware",
      "--tsconfig",
      "tsconfig.tests.json",
      "--deny-warnings",
      "packages",
      "apps",
      "tooling",
      "tests",
      "examples",
    ],
  ],
  ["layers, cycles and deep imports", "node", ["tooling/layers/src/cruise.ts"]],
  ["dead exports and dependencies", "knip", []],
  ["manifests", "sherif", ["--fail-on-warnings", ...ignored.flatMap((rule) => ["--ignore-rule", rule])]],
  ["generated files", "pnpm", ["--silent", "protocol:check"]],
  ...publishable.map((name) => [`package map of ${name}`, "publint", ["--strict", `packages/${name}`]]),
  ...publishable.map((name) => [
    `types of ${name} as installed`,
    "attw",
    ["--pack", `packages/${name}`, "--profile", "esm-only", "--quiet"],
  ]),
];

let failed = 0;
for (const [name, command, args] of steps) {
  const done = spawnSync(command, args, {
    encoding: "utf8",
    env: { ...process.env, PATH: `node_modules/.bin:${process.env.PATH}`, NO_COLOR: "1" },
    maxBuffer: 64 * 1024 * 1024,
  });
  const good = done.status === 0;
  if (!good) failed += 1;
  console.log(`${good ? "ok  " : "FAIL"} ${name}`);
  if (!good)
    console.log(
      `${done.stdout ?? ""}${done.stderr ?? ""}${done.error?.message ?? ""}`.trim().split("\n").slice(0, 80).join("\n"),
    );
}
const out = process.argv.indexOf("--json");
if (out !== -1) writeFileSync(process.argv[out + 1], JSON.stringify({ passed: steps.length - failed, failed }));
process.exit(failed === 0 ? 0 : 1);
