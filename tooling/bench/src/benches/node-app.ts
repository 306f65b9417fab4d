import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { againstFloor, type Bench, format } from "../bench.ts";
import { ours, plain, type RunningServer, rssBytesOf, startServer } from "../servers.ts";
import { median } from "../statistics.ts";

const ROOT = join(import.meta.dirname, "../../../..");
const ROUNDS = 7;
/** How long a node is left alone before its memory is read, in milliseconds. */
const SETTLE_MS = 3_000;

/** What a node took to connect, and what it needs when nothing happens. */
interface Run {
  readonly connectedMs: number;
  readonly rss: number;
}

/** Runs a node until it is connected and idle, then ends it. */
async function runOnce(words: readonly string[], env: Record<string, string>): Promise<Run> {
  const from = performance.now();
  const child = ours(
    spawn(process.execPath, words, {
      env: { PATH: process.env["PATH"], ...env },
      stdio: ["ignore", "ignore", "pipe"],
    }),
  );
  const exited = new Promise<void>((resolve) => child.once("close", () => resolve()));
  let said = "";
  await new Promise<void>((resolve, reject) => {
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString("utf8");
      if (said.includes("Connected")) resolve();
    });
    void exited.then(() => reject(new Error(`the node did not connect: ${said}`)));
  });
  const connectedMs = performance.now() - from;
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const rss = rssBytesOf(child.pid ?? 0);
  child.kill("SIGTERM");
  await exited;
  return { connectedMs, rss };
}

/** Installs the app as a person would, from its tarball into an empty folder. */
function install(folder: string): { readonly app: string; readonly bytes: number; readonly packages: number } {
  execFileSync("pnpm", ["pack", "--pack-destination", folder], { cwd: join(ROOT, "apps/node"), stdio: "ignore" });
  const tarball = join(folder, readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "");
  writeFileSync(join(folder, "package.json"), '{"private":true}');
  const quiet = ["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"];
  execFileSync("npm", ["install", ...quiet, "--cache", join(folder, ".npm"), tarball], {
    cwd: folder,
    env: { PATH: process.env["PATH"], HOME: folder },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const modules = join(folder, "node_modules");
  const files = readdirSync(modules, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const bytes = files.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
  const isPackage = ({ name, parentPath }: { name: string; parentPath: string }): boolean =>
    name === "package.json" && /node_modules\/(?:@[^/]+\/)?[^/]+$/.test(parentPath);
  const app = join(modules, "@saltgate/node/bin/saltgate-node.mjs");
  if (!existsSync(app)) throw new Error("the tarball holds no command");
  return { app, bytes, packages: files.filter(isPackage).length };
}

async function measure(app: string, home: string, floor: RunningServer, gateway: RunningServer): Promise<Runs> {
  const bare = plain("floor-node");
  const env = { HOME: home, SALTGATE_STATE_DIR: join(home, "state"), SALTGATE_GATEWAY_TOKEN: gateway.token };
  const runs: Runs = { floor: [], app: [] };
  // The first start makes its key and compiles; every later one finds both.
  await runOnce([app, "run", "--url", gateway.url], env);
  for (let round = 0; round < ROUNDS; round += 1) {
    runs.floor.push(await runOnce([bare, floor.url], {}));
    runs.app.push(await runOnce([app, "run"], env));
  }
  return runs;
}

interface Runs {
  readonly floor: Run[];
  readonly app: Run[];
}

export const nodeApp: Bench = {
  name: "node-app",
  async run() {
    const folder = mkdtempSync(join(tmpdir(), "saltgate-bench-"));
    try {
      const { app, bytes, packages } = install(folder);
      await using floor = await startServer("floor");
      await using gateway = await startServer("gateway");
      const runs = await measure(app, folder, floor, gateway);
      const middle = (side: keyof Runs, what: keyof Run): number => median(runs[side].map((run) => run[what]));
      return [
        againstFloor({
          what: "node app, spawn to connected",
          floor: middle("floor", "connectedMs"),
          gateway: middle("app", "connectedMs"),
          kind: "ms",
          limit: { atMost: 3 },
        }),
        againstFloor({
          what: "node app, idle resident memory",
          floor: middle("floor", "rss"),
          gateway: middle("app", "rss"),
          kind: "megabytes",
          limit: { atMost: 1.4 },
        }),
        {
          what: "node app, installed",
          budget: "8 MB",
          floor: "",
          gateway: `${format.megabytes(bytes)}, ${packages} package${packages === 1 ? "" : "s"}`,
          ratio: undefined,
          met: bytes <= 8e6,
        },
      ];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
