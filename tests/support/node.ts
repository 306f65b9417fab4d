import { join } from "node:path";
import type { Child } from "./child.ts";
import { isBundleFresh, type RunOptions, type Sandbox } from "./sandbox.ts";

const app: string = join(import.meta.dirname, "../../apps/node");

/** The small node app: its bundle when it was made from the sources as they are now, else the sources themselves. */
const NODE_APP: readonly string[] = isBundleFresh("apps/node", "saltgate-node.js")
  ? [join(app, "bin/saltgate-node.mjs")]
  : ["--conditions=@saltgate/source", join(app, "src/main.ts")];

/** Has a machine join a gateway by an invitation. */
export async function joinNode(
  sandbox: Sandbox,
  setupCode: string,
  displayName: string,
  options: RunOptions = {},
): Promise<void> {
  const words = ["join", setupCode, "--display-name", displayName];
  const joined = await sandbox.run(words, { node: NODE_APP, ...options });
  if (joined.exit !== 0) throw new Error(`the node didn't join: ${joined.stderr}`);
}

/** Starts the node of a machine that has joined, and leaves it running. */
export function startNode(sandbox: Sandbox, words: readonly string[] = [], options: RunOptions = {}): Child {
  return sandbox.start(["run", ...words], { node: NODE_APP, ...options });
}

/** Waits until a node says that it is connected, for the `times`-th time since it was started. */
export async function nodeConnected(node: Child, times = 1): Promise<void> {
  await node.until(`connected ${times}`, ({ stderr }) =>
    stderr.split(/^Connected to /m).length > times ? true : undefined,
  );
}
