import { envDigest } from "@saltgate/exec-policy";
import type { DeviceIdentity } from "@saltgate/identity";
import type { NodeInvokeRequest, ResponseFrame, SystemRunPlan } from "@saltgate/protocol";
import { newDevice, type Wire, type World } from "./world.ts";

/** What a node of a test says about itself, where it differs from an ordinary one. */
export interface NodeChoice {
  readonly device?: DeviceIdentity;
  readonly commands?: readonly string[];
  readonly caps?: readonly string[];
  readonly platform?: string;
  readonly version?: 3 | 4;
  readonly displayName?: string;
}

/** A node over the bare wire: the test says what it answers. */
export interface TestNode {
  readonly wire: Wire;
  readonly device: DeviceIdentity;
  readonly nodeId: string;
  readonly hello: ResponseFrame;
  /** The next thing that it is asked. */
  asked(): Promise<NodeInvokeRequest>;
  answer(request: Pick<NodeInvokeRequest, "id">, payload: unknown): Promise<ResponseFrame>;
  refuse(request: Pick<NodeInvokeRequest, "id">, error: object): Promise<ResponseFrame>;
}

export const SYSTEM_COMMANDS = ["system.run", "system.run.prepare", "system.which"] as const;

/** Connects a node from this machine, which lets it in at once. */
export async function joinNode(world: World, choice: NodeChoice = {}): Promise<TestNode> {
  const device = choice.device ?? (await newDevice());
  const wire = world.dial();
  const hello = await wire.connect({
    role: "node",
    device,
    version: choice.version ?? 4,
    caps: choice.caps ?? ["system"],
    commands: choice.commands ?? SYSTEM_COMMANDS,
    client: {
      id: "node-host",
      mode: "node",
      platform: choice.platform ?? "linux",
      displayName: choice.displayName ?? "attic",
    },
  });
  let seen = 0;
  const nodeId = device.deviceId;
  return {
    wire,
    device,
    nodeId,
    hello,
    async asked() {
      const at = seen;
      seen += 1;
      return wire.until(() => {
        const asked = wire.frames.filter((frame) => frame.type === "event" && frame.event === "node.invoke.request");
        return asked[at] && ((asked[at] as { payload: unknown }).payload as NodeInvokeRequest | undefined);
      });
    },
    answer: ({ id }, payload) =>
      wire.request("node.invoke.result", { id, nodeId, ok: true, payloadJSON: JSON.stringify(payload) }),
    refuse: ({ id }, error) => wire.request("node.invoke.result", { id, nodeId, ok: false, error }),
  };
}

/** An operator with a device of its own. */
export async function joinOperator(
  world: World,
  scopes: readonly string[] = ["operator.admin"],
  choice: { readonly device?: DeviceIdentity; readonly version?: 3 | 4 } = {},
): Promise<Wire> {
  const wire = world.dial();
  const hello = await wire.connect({
    scopes,
    device: choice.device ?? (await newDevice()),
    version: choice.version ?? 4,
  });
  if (!hello.ok) throw new Error(JSON.stringify(hello));
  return wire;
}

/** A plan, as the node of a test would make it. */
export function planOf(argv: readonly string[], more: Partial<SystemRunPlan> = {}): SystemRunPlan {
  return {
    argv: [...argv],
    commandText: argv.join(" "),
    cwd: "/srv/app",
    executable: `/usr/bin/${argv[0]}`,
    envNames: [],
    envDigest: envDigest(undefined),
    mutableFileOperand: null,
    agentId: null,
    sessionKey: null,
    ...more,
  };
}
