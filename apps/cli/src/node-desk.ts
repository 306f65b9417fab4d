import type { NodeRow, PendingDevice, PendingNode } from "@saltgate/protocol";
import { CommandError, Exit } from "./command-error.ts";
import type { Invocation } from "./command-line.ts";
import { findOne, meansId } from "./find-one.ts";
import type { GatewaySession } from "./gateway-session.ts";
import { printable } from "./output/printable.ts";

/** What to call a node in a sentence. */
export function nodeName({ displayName, nodeId }: Pick<NodeRow, "displayName" | "nodeId">): string {
  return printable(displayName ?? nodeId.slice(0, 12));
}

/** The word of the command line that names a node: an argument, or `--node`. */
export function nodeWord(invocation: Invocation, at = 0): string {
  return invocation.value("node") ?? invocation.positionals[at] ?? "";
}

const slug = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-+|-+$/g, "");

/**
 * The node that a person means: its id, its address, its name, or the beginning of its id (six characters or more).
 * Without a word: the only one that is here.
 * @throws {CommandError} naming the candidates when it could be several, or none
 */
export function findNode(nodes: readonly NodeRow[], words: string): NodeRow {
  const wanted = words.trim();
  const here = nodes.filter(({ connected }) => connected);
  if (wanted === "" && here.length === 1 && here[0] !== undefined) return here[0];
  const matches = (node: NodeRow): boolean =>
    wanted !== "" &&
    (node.nodeId === wanted ||
      node.remoteIp === wanted ||
      (slug(wanted) !== "" && slug(node.displayName ?? "") === slug(wanted)) ||
      (wanted.length >= 6 && node.nodeId.startsWith(wanted.toLowerCase())));
  const found = nodes.filter(matches);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const names = (found.length > 1 ? found : nodes).map((node) => `${nodeName(node)} (${node.nodeId.slice(0, 12)})`);
  const problem =
    nodes.length === 0
      ? "no node is known yet"
      : wanted === ""
        ? "which node is not said"
        : found.length > 1
          ? `"${wanted.slice(0, 80)}" could be several nodes`
          : `no node is called "${wanted.slice(0, 80)}"`;
  throw new CommandError(wanted === "" ? "USAGE" : "UNKNOWN_NODE", problem, {
    mend: names.length === 0 ? "Invite one: saltgate nodes invite" : `Nodes: ${names.slice(0, 12).join(", ")}`,
    exit: wanted === "" && nodes.length > 0 ? Exit.Usage : Exit.Failed,
  });
}

/** A node that waits: to be let in at all, or to be asked for more than before. */
export interface WaitingNode {
  readonly requestId: string;
  readonly nodeId: string;
  readonly name: string;
  readonly platform: string | undefined;
  readonly remoteIp: string | undefined;
  readonly commands: readonly string[];
  readonly ts: number;
  /** `joins`: nobody let it in yet. `extends`: it is in, and names other commands than were approved. */
  readonly kind: "joins" | "extends";
}

/** Everything about nodes that waits for the owner. */
export async function waitingNodes(session: GatewaySession): Promise<WaitingNode[]> {
  const [devices, nodes] = await Promise.all([
    session.request("device.pair.list", {}),
    session.request("node.pair.list", {}),
  ]);
  const joining = devices.pending.filter(({ roles, role }) => (roles ?? [role]).includes("node")).map(ofDevice);
  return [...joining, ...nodes.pending.map(ofNode)].sort((left, right) => left.ts - right.ts);
}

function ofDevice(row: PendingDevice): WaitingNode {
  const { requestId, deviceId, displayName, clientId, platform, remoteIp, commands = [], ts } = row;
  const name = displayName ?? clientId ?? deviceId.slice(0, 12);
  return { requestId, nodeId: deviceId, name, platform, remoteIp, commands, ts, kind: "joins" };
}

function ofNode(row: PendingNode): WaitingNode {
  const { requestId, nodeId, displayName, platform, remoteIp, commands = [], ts } = row;
  const name = displayName ?? nodeId.slice(0, 12);
  return { requestId, nodeId, name, platform, remoteIp, commands, ts, kind: "extends" };
}

/** The waiting node that a person means: by its request or its id, or the beginning of either (four or more). */
export function findWaiting(waiting: readonly WaitingNode[], words: string): WaitingNode {
  return findOne(waiting, words, {
    isMeant: ({ requestId, nodeId, name }, word) =>
      meansId(word, requestId) || meansId(word, nodeId) || slug(name) === slug(word),
    idOf: ({ requestId }) => requestId,
    code: "UNKNOWN_REQUEST_ID",
    several: "requests",
    none: (word) => `no node waits under "${word}"; its request may have expired or been answered`,
    empty: "Nothing waits. Let the node try again, then: saltgate nodes pending",
  });
}

/** The names of nodes by their ids, for whoever may see them. */
export async function nodeNames(session: GatewaySession): Promise<ReadonlyMap<string, string>> {
  const { nodes } = await session.request("node.list", {});
  return new Map(nodes.map((node) => [node.nodeId, nodeName(node)]));
}
