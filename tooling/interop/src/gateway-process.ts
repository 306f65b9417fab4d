import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Mailbox } from "./mailbox.ts";

const COMMAND = join(import.meta.dirname, "../../../apps/cli/src/main.ts");
/** How long a gateway may take to end by itself before it is killed, in milliseconds. */
const PATIENCE_MS = 8_000;

/** What a test may choose about a gateway that runs as a process. */
export interface GatewayProcessOptions {
  /** The `gateway` section of its configuration; its secret comes by itself. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Other sections of it. */
  readonly sections?: Readonly<Record<string, unknown>>;
  /** Words after `saltgate gateway --port 0`. */
  readonly flags?: readonly string[];
  /** The address that clients dial. @default "127.0.0.1" */
  readonly host?: string;
}

/** The real command, running a real gateway on a state folder of its own. */
export interface GatewayProcess extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** The shared secret. */
  readonly token: string;
  readonly pid: number;
  /** Its log, line by line. */
  readonly log: Mailbox<Record<string, unknown>>;
  signal(signal: "SIGTERM" | "SIGUSR1" | "SIGKILL"): void;
  /** Resolves with the exit code. */
  readonly exited: Promise<number | null>;
}

/** Starts a gateway and waits until it listens. */
export async function startGatewayProcess(options: GatewayProcessOptions = {}): Promise<GatewayProcess> {
  const stateDir = await mkdtemp(join(tmpdir(), "saltgate-interop-"));
  const token = randomBytes(24).toString("base64url");
  const gateway = { ...options.config, auth: { mode: "token", token, ...(options.config?.["auth"] as object) } };
  await writeFile(join(stateDir, "saltgate.json"), JSON.stringify({ ...options.sections, gateway }), { mode: 0o600 });
  const child = spawn(
    process.execPath,
    ["--conditions=@saltgate/source", COMMAND, "gateway", "--port", "0", ...(options.flags ?? [])],
    {
      env: { PATH: process.env["PATH"], HOME: stateDir, SALTGATE_STATE_DIR: stateDir },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const log = new Mailbox<Record<string, unknown>>();
  let words = "";
  child.stderr.on("data", (chunk) => {
    words += String(chunk);
  });
  createInterface({ input: child.stdout }).on("line", (line) => log.put(JSON.parse(line)));
  const exited = new Promise<number | null>((resolve) => child.once("close", resolve));
  void exited.then((code) => log.end(`the gateway ended with ${code}: ${words}`));
  const dispose = async (): Promise<void> => {
    await endChild(child, exited);
    await rm(stateDir, { recursive: true, force: true });
  };
  try {
    const listening = await log.until((lines) => lines.find(({ msg }) => msg === "listening"));
    const port = Number(listening["port"]);
    return {
      port,
      url: `ws://${options.host ?? "127.0.0.1"}:${port}`,
      token,
      pid: child.pid ?? 0,
      log,
      signal: (signal) => void child.kill(signal),
      exited,
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Ends a process that we started: asks first, kills it when it doesn't listen. */
export async function endChild(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  child.kill("SIGTERM");
  const kill = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  await exited;
  clearTimeout(kill);
}
