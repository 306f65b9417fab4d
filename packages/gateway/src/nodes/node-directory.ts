import type { PairedDeviceSummary } from "@saltgate/pairing";
import type { NodeRow } from "@saltgate/protocol";
import type { Clock } from "../clock.ts";
import type { Peer } from "../connection/peer.ts";
import { given } from "../given.ts";
import { type CommandGround, type CommandRules, commandsOf } from "./command-policy.ts";
import type { NodeSurface } from "./node-declaration.ts";
import type { Diary, NodeDiary } from "./node-diary.ts";
import { NodeRegistry } from "./node-registry.ts";
import type { NodeChannel, NodeSession } from "./node-session.ts";

/** What a directory needs. */
export interface NodeDirectoryOptions {
  readonly diary: NodeDiary;
  readonly rules: () => CommandRules;
  /** Devices that are paired in any role. */
  readonly paired: () => Promise<readonly PairedDeviceSummary[]>;
  /** When nodes were last here. */
  readonly entries: () => Promise<Diary>;
  /** How much work waits for each node. */
  readonly waiting: () => Promise<ReadonlyMap<string, number>>;
  readonly clock: Clock;
  /** Hears when a node came, went, or may be asked for something else. */
  readonly onChange: (nodeId: string, reason: "connected" | "disconnected" | "commands") => void;
}

/** Who the nodes are: those that are here and those that are known, and what each may be asked for. */
export class NodeDirectory {
  readonly #options: NodeDirectoryOptions;
  readonly #registry = new NodeRegistry();

  constructor(options: NodeDirectoryOptions) {
    this.#options = options;
  }

  /** The connection over which a node is asked; `undefined` when it isn't here. */
  current(nodeId: string): NodeSession | undefined {
    return this.#registry.current(nodeId);
  }

  /** The nodes that are here. */
  here(): readonly NodeSession[] {
    return this.#registry.all();
  }

  /** A node's connection is ready. */
  join(channel: NodeChannel, peer: Peer): NodeSession | undefined {
    if (peer.node === undefined || peer.deviceId === undefined) return undefined;
    const { diary, clock, onChange } = this.#options;
    const session: NodeSession = {
      nodeId: peer.deviceId,
      channel,
      peer,
      declaration: peer.node.declaration,
      surface: peer.node.surface,
      connectedAtMs: clock.now(),
    };
    this.#registry.add(session);
    diary.note(session.nodeId, "connected");
    onChange(session.nodeId, "connected");
    return session;
  }

  /** A connection is over. Only a node's last one makes it leave. */
  leave(connId: string, nodeId: string): void {
    const left = this.#registry.remove(connId, nodeId);
    if (left === "unknown") return;
    this.#options.diary.note(nodeId, left === "last" ? "disconnected" : "alive");
    if (left === "last") this.#options.onChange(nodeId, "disconnected");
  }

  /** The owner approved something else for a node that is here: it may be asked for that at once. */
  surfaceChanged(nodeId: string, surface: NodeSurface): void {
    for (const session of this.#registry.of(nodeId)) session.surface = surface;
    if (this.current(nodeId) !== undefined) this.#options.onChange(nodeId, "commands");
  }

  /** Every node that is paired or here: those that are here first, then by name. */
  async rows(): Promise<NodeRow[]> {
    const paired = (await this.#options.paired()).filter(({ roles }) => roles?.includes("node") === true);
    const here = new Map(this.#registry.all().map((session) => [session.nodeId, session]));
    const known = new Map(paired.map((device) => [device.deviceId, device]));
    const entries = await this.#options.entries();
    const waiting = await this.#options.waiting();
    return [...new Set([...here.keys(), ...known.keys()])]
      .map((nodeId) => {
        const session = here.get(nodeId);
        const row = { ...describeDevice(known.get(nodeId)), ...(session && this.#describeSession(session)) };
        const entry = Object.hasOwn(entries, nodeId) ? entries[nodeId] : undefined;
        const queued = waiting.get(nodeId) ?? 0;
        // The name is the owner's to give; everything else a node that is here knows better.
        const displayName = known.get(nodeId)?.displayName ?? row.displayName;
        return {
          caps: [],
          commands: [],
          ...row,
          nodeId,
          ...(displayName !== undefined && { displayName }),
          ...(entry && {
            lastSeenAtMs: session === undefined ? entry.lastSeenAtMs : this.#options.clock.now(),
            lastSeenReason: session === undefined ? entry.lastSeenReason : "alive",
            ...(entry.host && { host: entry.host }),
          }),
          ...(queued > 0 && { waiting: queued }),
          paired: known.has(nodeId),
          connected: session !== undefined,
        } satisfies NodeRow;
      })
      .sort(byPresenceAndName);
  }

  #describeSession(session: NodeSession): Partial<NodeRow> {
    const { client, remoteIp } = session.peer;
    const { usable, withheld } = commandsOf(groundOf(session), this.#options.rules());
    return given({
      displayName: client.displayName,
      platform: client.platform,
      version: client.version,
      deviceFamily: client.deviceFamily,
      modelIdentifier: client.modelIdentifier,
      remoteIp,
      caps: [...new Set(session.surface.caps)].sort(),
      commands: usable,
      withheld: withheld.length > 0 ? withheld : undefined,
      permissions:
        Object.keys(session.declaration.claims.permissions).length > 0
          ? { ...session.declaration.claims.permissions }
          : undefined,
      pathEnv: session.declaration.claims.pathEnv,
      connectedAtMs: session.connectedAtMs,
    });
  }
}

/** What decides which commands a live node may be asked for. */
export function groundOf({ surface, declaration }: NodeSession): CommandGround {
  return {
    platform: surface.platform,
    declared: declaration.claims.commands,
    approved: surface.commands,
  };
}

function describeDevice(device: PairedDeviceSummary | undefined): Partial<NodeRow> {
  if (device === undefined) return {};
  const { displayName, platform, deviceFamily, remoteIp } = device;
  return given({ displayName, platform, deviceFamily, remoteIp });
}

function byPresenceAndName(left: NodeRow, right: NodeRow): number {
  if (left.connected !== right.connected) return left.connected ? -1 : 1;
  const nameOf = (row: NodeRow): string => (row.displayName ?? row.nodeId).toLowerCase();
  return nameOf(left).localeCompare(nameOf(right)) || left.nodeId.localeCompare(right.nodeId);
}
