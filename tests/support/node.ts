import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Child } from "./child.ts";
import type { RunOptions, Sandbox } from "./sandbox.ts";

const root: string = join(import.meta.dirname, "../..");
const APP = join(root, "apps/node");

/** The small node app: its bundle when it was made from the sources as they are now, else the sources themselves. */
export const NODE_APP: readonly string[] = isBundleFresh()
  ? [join(APP, "bin/saltgate-node.mjs")]
  : ["--conditions=@saltgate/source", join(APP, "src/main.ts")];

function isBundleFresh(): boolean {
  const bundle = join(APP, "dist/saltgate-node.js");
  if (!existsSync(bundle)) return false;
  const folders = [
    join(APP, "src"),
    ...readdirSync(join(root, "packages")).map((name) => join(root, "packages", name, "src")),
  ];
  const newest = folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: "utf8" }).map((file) => join(folder, file)))
    .reduce((latest, file) => Math.max(latest, statSync(file).mtimeMs), 0);
  return statSync(bundle).mtimeMs > newest;
}

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
