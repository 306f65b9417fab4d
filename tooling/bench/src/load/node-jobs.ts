import { median, percentile } from "../statistics.ts";
import type { Target } from "./jobs.ts";
import { LoadClient, type LoadDevice, newLoadDevice } from "./load-client.ts";
import { connectNodes, invoke, type LoadNode } from "./load-node.ts";

const now = (): number => performance.now();

/** How long each of several takes, one after another; the first fifth only warms up. In microseconds. */
async function timesOf(count: number, act: (index: number) => Promise<unknown>): Promise<number[]> {
  const samples: number[] = [];
  for (let index = 0; index < count * 1.25; index += 1) {
    const from = now();
    await act(index);
    if (index >= count * 0.25) samples.push((now() - from) * 1_000);
  }
  return samples;
}

/** How often an operator can ask one node: one question after another, then several in flight. */
export async function invokeOne(
  target: Target,
  { count, inFlight, total }: { count: number; inFlight: number; total: number },
): Promise<{ perSecond: number; manyPerSecond: number }> {
  const [node] = await connectNodes([newLoadDevice()], target);
  if (node === undefined) throw new Error("no node");
  const operator = await LoadClient.connect(target);
  const samples = await timesOf(count, () => invoke(operator, node.nodeId));
  const perSecond = (samples.length * 1e6) / samples.reduce((sum, sample) => sum + sample, 0);
  const run = async (share: number): Promise<void> => {
    let left = share;
    const lane = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        await invoke(operator, node.nodeId);
      }
    };
    await Promise.all(Array.from({ length: inFlight }, lane));
  };
  await run(total / 4);
  const from = now();
  await run(total);
  const manyPerSecond = total / ((now() - from) / 1_000);
  await Promise.all([operator.close(), node.close()]);
  return { perSecond, manyPerSecond };
}

const known: LoadDevice[] = [];
const held: LoadNode[] = [];

/** Nodes connect for the first time, and leave. */
export async function introduceNodes(target: Target, { count }: { count: number }): Promise<{ known: number }> {
  const devices = Array.from({ length: count }, newLoadDevice);
  const nodes = await connectNodes(devices, target);
  await Promise.all(nodes.map((node) => node.close()));
  return { known: known.push(...devices) };
}

/** Known nodes come back, and stay. */
export async function holdNodes(target: Target, { count }: { count: number }): Promise<{ held: number }> {
  held.push(...(await connectNodes(known.slice(held.length, held.length + count), target)));
  return { held: held.length };
}

/** How an operator fares among the nodes that are kept: their list, one of them, and any of them. */
export async function amongNodes(
  target: Target,
  { count, lists }: { count: number; lists: number },
): Promise<{ listP50Us: number; listP99Us: number; oneP50Us: number; anyP50Us: number }> {
  const operator = await LoadClient.connect(target);
  const [first] = held;
  if (first === undefined) throw new Error("no nodes");
  const one = await timesOf(count, () => invoke(operator, first.nodeId));
  const any = await timesOf(count, () =>
    invoke(operator, (held[Math.floor(Math.random() * held.length)] ?? first).nodeId),
  );
  const list = await timesOf(lists, async () => {
    const { nodes } = (await operator.request("node.list")) as { nodes: { connected: boolean }[] };
    const here = nodes.filter(({ connected }) => connected).length;
    if (here !== held.length) throw new Error(`${here} of ${held.length} nodes are in the list`);
  });
  await operator.close();
  return {
    listP50Us: median(list),
    listP99Us: percentile(list, 0.99),
    oneP50Us: median(one),
    anyP50Us: median(any),
  };
}

/** Lets go of the nodes that are kept. */
export async function releaseNodes(): Promise<{ held: number }> {
  await Promise.all(held.splice(0).map((node) => node.close()));
  return { held: 0 };
}
