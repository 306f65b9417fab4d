import { LoadClient, type LoadDevice } from "./load-client.ts";

/** What every load node says that it can do: what a headless machine has. */
const DECLARED = {
  caps: ["system", "invoke.idempotent"],
  commands: ["system.run", "system.run.prepare", "system.which", "system.notify"],
} as const;

/** What load nodes are asked. They run nothing: the way there and back is what is measured. */
const COMMAND = "system.which";
const QUESTION = { bins: ["sh", "uptime"] };
const PAYLOAD_JSON = JSON.stringify({ bins: { sh: "/usr/bin/dash", uptime: "/usr/bin/uptime" } });
const REQUEST_MARK = '"event":"node.invoke.request"';

/** A node that does as little as possible: it answers what it is asked at once, and always the same. */
export class LoadNode {
  readonly nodeId: string;
  readonly #client: LoadClient;

  private constructor(client: LoadClient, { deviceId }: LoadDevice) {
    this.#client = client;
    this.nodeId = deviceId;
  }

  /** Connects. A gateway on this machine lets a new device in at once; one that it knows comes with its own token. */
  static async connect(
    { url, token }: { readonly url: string; readonly token: string },
    device: LoadDevice,
  ): Promise<LoadNode> {
    let answer = (_id: string): void => {};
    const client = await LoadClient.connect({
      url,
      ...(device.deviceToken === undefined && { token }),
      device,
      node: DECLARED,
      onEvent: (data) => {
        if (data.indexOf(REQUEST_MARK) === -1) return;
        const { payload }: { payload: { id: string; paramsJSON: string } } = JSON.parse(data.toString("utf8"));
        JSON.parse(payload.paramsJSON);
        answer(payload.id);
      },
    });
    const node = new LoadNode(client, device);
    answer = (id) => void client.request("node.invoke.result", { id, ...node.#answer });
    return node;
  }

  get #answer(): object {
    return { nodeId: this.nodeId, ok: true, payloadJSON: PAYLOAD_JSON };
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

/** Connects many, a few at a time. */
export async function connectNodes(
  devices: readonly LoadDevice[],
  target: { readonly url: string; readonly token: string },
): Promise<LoadNode[]> {
  const nodes: LoadNode[] = [];
  while (nodes.length < devices.length) {
    const batch = devices.slice(nodes.length, nodes.length + 16).map((device) => LoadNode.connect(target, device));
    nodes.push(...(await Promise.all(batch)));
  }
  return nodes;
}

let asked = 0;

/** An operator asks a node, and has its answer. @throws when the answer is another one than the node gave */
export async function invoke(operator: LoadClient, nodeId: string): Promise<void> {
  asked += 1;
  const result = await operator.request("node.invoke", {
    nodeId,
    command: COMMAND,
    params: QUESTION,
    idempotencyKey: `bench-${process.pid}-${asked}`,
  });
  if ((result as { payloadJSON?: unknown }).payloadJSON !== PAYLOAD_JSON) throw new Error(JSON.stringify(result));
}
