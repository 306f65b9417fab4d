import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const ROOT = join(import.meta.dirname, "../../..");
/** The command as it is installed: bundled, behind its tiny entry. */
export const SALTGATE = join(ROOT, "apps/cli/bin/saltgate.mjs");
/** Where `ws` is found from, and nothing is committed. */
const FLOOR_FOLDER = join(import.meta.dirname, "../node_modules/.floor");
const PATIENCE_MS = 8_000;

/** Which of the two is measured. */
export type Side = "floor" | "gateway";
export const SIDES: readonly Side[] = ["floor", "gateway"];

/** A server that runs as a process of its own. */
export interface RunningServer extends AsyncDisposable {
  readonly side: Side;
  readonly url: string;
  readonly port: number;
  readonly token: string;
  readonly pid: number;
  /** When it was spawned, by `performance.now()`. */
  readonly spawnedAt: number;
  /** Its resident memory now, in bytes. */
  rssBytes(): number;
  /** What it has written to its error output so far. */
  complaint(): string;
  /** Another process on the same state, once this one has ended in an orderly way. Whoever asks for it ends it. */
  again(): Promise<RunningServer>;
}

/** Everything this run has started and not yet ended, so that nothing outlives an interrupted run. */
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Notes a child process as ours, to be ended with us. */
export function ours<C extends ChildProcess>(child: C): C {
  running.add(child);
  child.once("close", () => running.delete(child));
  return child;
}

/** Resident memory of a process, in bytes. Linux only. */
export function rssBytesOf(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  if (kibibytes === undefined) throw new Error(`process ${pid} has no resident memory`);
  return Number(kibibytes) * 1_024;
}

/** Part of the floor as plain JavaScript: taking types out as it starts would cost it time and memory that isn't its own. */
export function plain(name: "floor-main" | "floor-node"): string {
  const source = readFileSync(join(import.meta.dirname, `floor/${name}.ts`), "utf8");
  const file = join(FLOOR_FOLDER, `${name}.mjs`);
  mkdirSync(FLOOR_FOLDER, { recursive: true });
  writeFileSync(file, stripTypeScriptTypes(source));
  return file;
}

/** How a server is set up besides. */
export interface ServerSetup {
  /** More of the gateway's configuration. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Flags of Node. */
  readonly flags?: readonly string[];
}

/** Starts the floor or a gateway on a fresh state folder, and waits until it listens. */
export async function startServer(side: Side, setup: ServerSetup = {}): Promise<RunningServer> {
  const stateDir = mkdtempSync(join(tmpdir(), "saltgate-bench-"));
  const token = randomBytes(24).toString("base64url");
  const config = { ...setup.config, gateway: { auth: { mode: "token", token } } };
  writeFileSync(join(stateDir, "saltgate.json"), JSON.stringify(config), { mode: 0o600 });
  return runServer(side, stateDir, token, setup);
}

async function runServer(side: Side, stateDir: string, token: string, setup: ServerSetup): Promise<RunningServer> {
  const words = side === "floor" ? [plain("floor-main")] : [SALTGATE, "gateway", "--port", "0"];
  const asked = (process.env["BENCH_NODE_FLAGS"] ?? "").split(" ").filter((flag) => side === "gateway" && flag !== "");
  const flags = [...asked, ...(setup.flags ?? [])];
  const spawnedAt = performance.now();
  const child = ours(
    spawn(process.execPath, [...flags, ...words], {
      env: { PATH: process.env["PATH"], HOME: stateDir, SALTGATE_STATE_DIR: stateDir },
      stdio: ["ignore", "pipe", "pipe"],
    }),
  );
  const exited = new Promise<void>((resolve) => child.once("close", () => resolve()));
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaint += chunk.toString("utf8");
  });
  const port = await new Promise<number>((resolve, reject) => {
    const lines = createInterface({ input: child.stdout });
    lines.on("line", (line) => {
      const entry: { msg?: unknown; port?: unknown } = JSON.parse(line);
      if (entry.msg !== "listening") return;
      resolve(Number(entry.port));
      // What else it says is read, so that it isn't held up, and not looked at: this process isn't what is measured.
      lines.close();
      child.stdout.resume();
    });
    void exited.then(() => reject(new Error(`the ${side} did not start: ${complaint}`)));
  });
  const end = async (): Promise<void> => {
    child.kill("SIGTERM");
    const kill = setTimeout(() => child.kill("SIGKILL"), side === "floor" ? 0 : PATIENCE_MS);
    await exited;
    clearTimeout(kill);
  };
  return {
    side,
    url: `ws://127.0.0.1:${port}`,
    port,
    token,
    pid: child.pid ?? 0,
    spawnedAt,
    rssBytes: () => rssBytesOf(child.pid ?? 0),
    complaint: () => complaint,
    async again() {
      await end();
      return runServer(side, stateDir, token, setup);
    },
    async [Symbol.asyncDispose]() {
      await end();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}
