import { join } from "node:path";
import type { Child } from "../../../tests/support/child.ts";
import { type Answer, Sandbox } from "../../../tests/support/sandbox.ts";
import { helloV4, type Script, type ScriptedGateway, startScripted } from "../../../tests/support/scripted-gateway.ts";

/** The app from its sources, which needs no build. */
export const APP: readonly string[] = ["--conditions=@saltgate/source", join(import.meta.dirname, "../src/main.ts")];

/** What a node answered. */
export interface NodeAnswer {
  readonly id: string;
  readonly ok: boolean;
  readonly payloadJSON?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

/** A machine with the app, and a gateway whose words a test chooses. */
export class World implements AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly far: ScriptedGateway;
  #asked = 0;

  private constructor(sandbox: Sandbox, far: ScriptedGateway) {
    this.sandbox = sandbox;
    this.far = far;
  }

  static async start(script: Script = {}): Promise<World> {
    const hello = (): ReturnType<typeof helloV4> =>
      helloV4({ role: "node", scopes: [], deviceToken: "token-of-this-node" });
    return new World(await Sandbox.create(), await startScripted({ connect: hello, ...script }));
  }

  /** Starts a command of the app and leaves it running. */
  begin(words: readonly string[], env: Readonly<Record<string, string>> = {}): Child {
    return this.sandbox.start(words, { node: APP, env: { ...this.sandbox.env, ...env } });
  }

  /** Runs a command of the app to its end. */
  run(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.sandbox.run(words, { node: APP, env: { ...this.sandbox.env, ...env } });
  }

  /** Starts the node and waits until its connection number `connection` is there. */
  async node(connection = 1, words: readonly string[] = []): Promise<Child> {
    const child = this.begin(["run", "--url", this.far.url, ...words]);
    await Promise.race([
      this.far.until(() => this.far.connects[connection - 1]),
      child.until("it connected", ({ stderr }) => (stderr.includes("Connected") ? true : undefined)),
    ]);
    await this.far.until(() => this.far.requests.filter(({ method }) => method === "node.event")[connection - 1]);
    return child;
  }

  /** Lets programs run here without asking. */
  allowAll(): Promise<void> {
    return this.sandbox.write(
      "exec-approvals.json",
      JSON.stringify({ version: 1, defaults: { security: "full", ask: "off" } }),
    );
  }

  /** Sends an invocation over the newest connection. */
  ask(command: string, params: unknown, more: Readonly<Record<string, unknown>> = {}): string {
    this.#asked += 1;
    const id = `i${this.#asked}`;
    const nodeId = this.far.connects.at(-1)?.device?.id;
    const request = { id, nodeId, command, paramsJSON: JSON.stringify(params), ...more };
    this.far.sockets.at(-1)?.event("node.invoke.request", request);
    return id;
  }

  answerTo(id: string): Promise<NodeAnswer> {
    const answers = (): NodeAnswer[] =>
      this.far.requests
        .filter(({ method }) => method === "node.invoke.result")
        .map(({ params }) => params as NodeAnswer);
    return this.far.until(() => answers().find((answer) => answer.id === id));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.far[Symbol.asyncDispose]();
    await this.sandbox[Symbol.asyncDispose]();
  }
}
