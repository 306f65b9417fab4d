import type { DeviceIdentity, GatewayClient } from "@saltgate/client";
import type { Child } from "../../../tests/support/child.ts";
import { newClient } from "../../../tests/support/device.ts";
import { startForwardingProxy } from "../../../tests/support/forwarding-proxy.ts";
import { GatewayProcess } from "../../../tests/support/gateway.ts";
import { nodeConnected } from "../../../tests/support/node.ts";
import { type Answer, type RunOptions, Sandbox } from "../../../tests/support/sandbox.ts";

/** What `nodes invite --json` answers. */
export interface Invitation {
  readonly setupCode: string;
  /** What is pasted on the new node. */
  readonly line: string;
}

/** A gateway, and its owner's commands. */
export class NodeWorld implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly gateway: GatewayProcess;
  readonly token: string;

  private constructor(gateway: GatewayProcess, token: string) {
    this.gateway = gateway;
    this.token = token;
  }

  static async start(): Promise<NodeWorld> {
    const sandbox = await Sandbox.create();
    const gateway = await GatewayProcess.start(sandbox);
    const world = new NodeWorld(gateway, await gateway.token());
    world.#stack.use(sandbox);
    world.#stack.use(gateway);
    return world;
  }

  /** Runs a command of the owner. */
  run(words: readonly string[], options: RunOptions = {}): Promise<Answer> {
    return this.gateway.run(words, options);
  }

  async invite(): Promise<Invitation> {
    return (await this.run(["nodes", "invite", "--json"])).json<Invitation>();
  }

  /** A machine of its own that joins by the pasted line and runs as a node, all with `saltgate node`. */
  async machine(name: string, approvals?: unknown): Promise<{ readonly machine: Sandbox; readonly node: Child }> {
    const machine = this.#stack.use(await Sandbox.create());
    if (approvals !== undefined) await machine.write("exec-approvals.json", JSON.stringify(approvals));
    const [, ...words] = (await this.invite()).line.split(" ");
    const joined = await machine.run([...words, "--display-name", name]);
    if (joined.exit !== 0) throw new Error(joined.stderr);
    const node = this.#stack.use(machine.start(["node", "run"]));
    await nodeConnected(node);
    return { machine, node };
  }

  /** A node elsewhere that knows the secret, and names what it likes. It waits for its owner. */
  async stranger(
    identity: DeviceIdentity,
    displayName: string,
    commands: readonly string[] = ["system.which"],
  ): Promise<GatewayClient> {
    const proxy = this.#stack.use(await startForwardingProxy(this.gateway.port));
    const client = newClient({
      url: proxy.url,
      token: this.token,
      identity,
      role: "node",
      scopes: [],
      caps: ["system"],
      commands,
      client: { id: "node-host", mode: "node", platform: "linux", displayName },
      reconnect: false,
    });
    this.#stack.defer(() => client.close());
    await client.connect().catch(() => undefined); // the test looks at its state
    return client;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

/** A node's rules under which everything runs. */
export const EVERYTHING = { version: 1, defaults: { security: "full", ask: "off" } };
