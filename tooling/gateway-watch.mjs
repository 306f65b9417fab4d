// Runs the gateway from its sources and starts it again whenever one of them changes. No build step.
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

const watched = [...readdirSync("packages").map((name) => join("packages", name, "src")), join("apps", "cli", "src")];
const args = [
  "--conditions=@saltgate/source",
  ...watched.map((path) => `--watch-path=${path}`),
  "apps/cli/src/main.ts",
  "gateway",
  ...process.argv.slice(2),
];
const child = spawn(process.execPath, args, { stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code) => process.exit(code ?? 1));
