// Runs the gateway from its sources and starts it again whenever one of them changes. No build step.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { packageRooms } from "./layers/src/rooms.ts";

const watched = [...packageRooms("."), "apps/cli"].map((room) => join(room, "src"));
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
