import type { Child } from "./child.ts";
import type { RunOptions, Sandbox } from "./sandbox.ts";

/** A line of the gateway's log. */
export type LogLine = { readonly level: string; readonly msg: string } & Readonly<Record<string, unknown>>;

/** The log lines that are complete by now. Whatever is no JSON on standard output is a failure. */
function logLines(child: Child): LogLine[] {
  const complete = child.stdout.slice(0, child.stdout.lastIndexOf("\n") + 1);
  return complete
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as LogLine);
}

/** How a gateway of a test is started. */
export interface GatewayStart extends RunOptions {
  /** Words after `saltgate gateway`. @default ["--port", "0"] */
  readonly words?: readonly string[];
}

/** A gateway in a process of its own. */
export class GatewayProcess implements AsyncDisposable {
  readonly child: Child;
  readonly #sandbox: Sandbox;
  readonly #options: GatewayStart;
  port = 0;
  /** `ws://127.0.0.1:port`, or `wss://` */
  url = "";

  private constructor(child: Child, sandbox: Sandbox, options: GatewayStart) {
    this.child = child;
    this.#sandbox = sandbox;
    this.#options = options;
  }

  /** Starts a gateway and waits until it listens. */
  static async start(sandbox: Sandbox, options: GatewayStart = {}): Promise<GatewayProcess> {
    const gateway = new GatewayProcess(
      sandbox.start(["gateway", ...(options.words ?? ["--port", "0"])], options),
      sandbox,
      options,
    );
    try {
      await gateway.listening(1);
      return gateway;
    } catch (error) {
      await gateway[Symbol.asyncDispose]();
      throw error;
    }
  }

  get pid(): number {
    return this.child.pid;
  }

  get lines(): LogLine[] {
    return logLines(this.child);
  }

  /** Waits for the `times`-th time that it says it listens. */
  async listening(times: number): Promise<LogLine> {
    const line = await this.child.until(`listening ${times}`, (child) => {
      // Its words for people follow its log line.
      const hasSaid = child.stderr.split("The gateway listens on").length > times;
      return hasSaid ? logLines(child).filter(({ msg }) => msg === "listening")[times - 1] : undefined;
    });
    this.port = Number(line["port"]);
    this.url = String((line["urls"] as string[])[0]);
    return line;
  }

  /** Waits for a log line. */
  line(what: string, matches: (line: LogLine) => boolean): Promise<LogLine> {
    return this.child.until(what, (child) => logLines(child).find(matches));
  }

  /** The environment in which commands find this gateway, wherever it listens. */
  get env(): Record<string, string> {
    return { ...(this.#options.env ?? this.#sandbox.env), SALTGATE_GATEWAY_PORT: String(this.port) };
  }

  /** Runs a command against this gateway. */
  run(words: readonly string[], options: RunOptions = {}): ReturnType<Sandbox["run"]> {
    return this.#sandbox.run(words, { ...options, env: { ...this.env, ...options.env } });
  }

  /** Starts a command against this gateway and leaves it running. */
  begin(words: readonly string[], options: RunOptions = {}): Child {
    return this.#sandbox.start(words, { ...options, env: { ...this.env, ...options.env } });
  }

  /** Asks it to stop, and waits until it has. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    this.child.signal(signal);
    return (await this.child.ended()).code;
  }

  async kill(): Promise<void> {
    this.child.signal("SIGKILL");
    await this.child.ended();
  }

  /** The secret of the configuration that it wrote at its first start. */
  async token(): Promise<string> {
    const found = /"token": "([^"]+)"/.exec(await this.#sandbox.read("saltgate.json"))?.[1];
    if (found === undefined) throw new Error("the configuration holds no token");
    return found;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.child[Symbol.asyncDispose]();
  }
}
