import type { NodeFacts } from "@saltgate/pairing";
import type { NodeRow } from "@saltgate/protocol";
import { type StateDocument, StoreError } from "@saltgate/store";
import type { ApprovalDesk } from "../approvals/approval-desk.ts";
import type { Clock } from "../clock.ts";
import type { Peer } from "../connection/peer.ts";
import type { EventPublisher } from "../events/event-hub.ts";
import { given } from "../given.ts";
import type { Logger } from "../logging/logger.ts";
import { forbidden } from "../methods/devices.ts";
import type { Handlers } from "../methods/handlers.ts";
import { type NodePairingMethodsOptions, nodePairingMethods } from "../methods/node-pairing.ts";
import { nodeRoleMethods } from "../methods/node-role.ts";
import { nodeWorkMethods } from "../methods/node-work.ts";
import { nodeMethods } from "../methods/nodes.ts";
import type { NodePairingPort, PairingPort } from "../pairing-port.ts";
import type { CommandRules } from "./command-policy.ts";
import type { NodeDeclaration, NodeSurface } from "./node-declaration.ts";
import { type Diary, NodeDiary } from "./node-diary.ts";
import { NodeDirectory } from "./node-directory.ts";
import { createNodeInvocation, type NodeInvocation } from "./node-invocation.ts";
import { type InvocationOutput, NodeInvoker } from "./node-invoker.ts";
import type { NodeChannel } from "./node-session.ts";
import { platformOf } from "./platform.ts";
import { deliverWork } from "./work-delivery.ts";
import { WorkDesk } from "./work-desk.ts";
import type { WorkRows } from "./work-queue.ts";

/** What a gateway is given about nodes. */
export interface GatewayNodes {
  /** Which of a node's commands its owner approved. */
  readonly pairing: NodePairingPort;
  /** What the configuration allows and denies. Asked at each invocation. */
  readonly rules: () => CommandRules;
  /** When nodes were last here: `nodes/diary`. */
  readonly diary: StateDocument<Diary>;
  /** Work for nodes that sleep: `nodes/work`. */
  readonly work: StateDocument<WorkRows>;
  /** Names of programs that installed skills need. */
  readonly skillBins: () => readonly string[];
}

/** What the desk for nodes needs of the gateway around it. */
export interface NodeDeskOptions {
  readonly nodes: GatewayNodes;
  readonly devices: PairingPort;
  readonly approvals: ApprovalDesk;
  readonly events: EventPublisher;
  readonly queueSystemEvent: (text: string) => void;
  /** Takes an event of a node that belongs to a conversation. @returns true, or why it had no effect */
  readonly conversationEvent: (event: string, payload: unknown, caller: Peer) => Promise<true | string>;
  /** Sends output of a command to the connection that asked for it. */
  readonly sendOutput: (connId: string, output: InvocationOutput & { nodeId: string; idempotencyKey: string }) => void;
  /** Counts wrong tokens of nodes. */
  readonly guesses: NodePairingMethodsOptions["guesses"];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly newId: () => string;
}

type NodeDeskMethods = ReturnType<typeof nodeMethods> &
  ReturnType<typeof nodeRoleMethods> &
  ReturnType<typeof nodeWorkMethods> &
  ReturnType<typeof nodePairingMethods>;

/** Everything about nodes in one gateway: who they are, what they may be asked, and what waits for them. */
export class NodeDesk {
  readonly methods: Pick<Handlers, keyof NodeDeskMethods>;
  /** Asks a node for something on somebody's behalf. */
  readonly invoke: NodeInvocation;
  readonly #options: NodeDeskOptions;
  readonly #directory: NodeDirectory;
  readonly #invoker: NodeInvoker;
  readonly #work: WorkDesk;
  readonly #diary: NodeDiary;

  constructor(options: NodeDeskOptions) {
    const { nodes, devices, events, clock, newId } = options;
    this.#options = options;
    this.#diary = new NodeDiary(nodes.diary, clock.now);
    this.#work = new WorkDesk(nodes.work, clock.now, (over) => events.publish("node.pending.resolved", over));
    this.#invoker = new NodeInvoker(clock, newId);
    this.#directory = new NodeDirectory({
      diary: this.#diary,
      rules: nodes.rules,
      paired: async () => (await devices.list()).paired,
      entries: () => this.#diary.entries().catch(unlessDamaged<Diary>({})),
      waiting: () => this.#work.waitingByNode().catch(unlessDamaged(new Map<string, number>())),
      clock,
      onChange: (nodeId, reason) =>
        events.publish("node.changed", { nodeId, connected: reason !== "disconnected", reason, ts: clock.now() }),
    });
    this.invoke = createNodeInvocation({
      directory: this.#directory,
      invoker: this.#invoker,
      rules: nodes.rules,
      approvals: options.approvals,
    });
    const isKnown = async (nodeId: string): Promise<boolean> =>
      (await this.#directory.rows()).some((row) => row.nodeId === nodeId);
    this.methods = {
      ...nodeMethods({
        directory: this.#directory,
        invoker: this.#invoker,
        invoke: this.invoke,
        now: clock.now,
        newId,
        rename: (nodeId, displayName, caller) => this.#rename(nodeId, displayName, caller),
        sendOutput: options.sendOutput,
      }),
      ...nodeRoleMethods({
        invoker: this.#invoker,
        work: this.#work,
        diary: this.#diary,
        queueSystemEvent: options.queueSystemEvent,
        skillBins: nodes.skillBins,
        conversationEvent: options.conversationEvent,
      }),
      ...nodeWorkMethods({
        work: this.#work,
        isKnown,
        deliver: (nodeId) => void this.#deliver(nodeId),
        now: clock.now,
        newId,
      }),
      ...nodePairingMethods({ pairing: nodes.pairing, guesses: options.guesses }),
    };
  }

  /**
   * Which of a node's claims count: what its owner approved (rule R-30). Platforms are compared as this gateway
   * understands them, so that an update of a phone's system is no new platform, and a look-alike name is none at all.
   */
  async declare(declaration: NodeDeclaration): Promise<NodeSurface> {
    const { nodeId, claims, approvedByDevice: approved } = declaration;
    const { displayName, version, modelIdentifier, remoteIp } = declaration;
    const platform = platformOf(declaration.platform, declaration.deviceFamily);
    const { surface, pinned } = await this.#options.nodes.pairing.declare({
      nodeId,
      claims: { caps: claims.caps, commands: claims.commands, permissions: claims.permissions },
      metadata: {
        platform,
        ...given({ displayName, version, modelIdentifier, remoteIp }),
      },
      approvedByDevice: approved && {
        atMs: approved.atMs,
        claims: {
          ...withoutFamily(approved.claims),
          platform: platformOf(approved.claims.platform, approved.claims.deviceFamily),
        },
      },
    });
    return { caps: surface.caps, commands: surface.commands, platform: pinned === undefined ? platform : "unknown" };
  }

  /** Every node that is paired or here. */
  rows(): Promise<readonly NodeRow[]> {
    return this.#directory.rows();
  }

  /** The nodes that are here, in a few words each. */
  facts(): readonly { readonly name: string; readonly platform: string; readonly isConnected: boolean }[] {
    return this.#directory.here().map(({ nodeId, declaration, surface }) => ({
      name: declaration.displayName ?? nodeId.slice(0, 12),
      platform: surface.platform,
      isConnected: true,
    }));
  }

  /** A node's connection is ready. */
  join(channel: NodeChannel, peer: Peer): void {
    const session = this.#directory.join(channel, peer);
    if (session === undefined) return;
    this.#options.nodes.pairing.touch(session.nodeId);
    void this.#deliver(session.nodeId);
  }

  /** A connection is over. What was asked over it ends. */
  leave(connId: string, peer: Peer): void {
    if (peer.node === undefined || peer.deviceId === undefined) return;
    this.#directory.leave(connId, peer.deviceId);
    this.#invoker.connectionEnded(connId);
  }

  /** The owner approved something else for a node. */
  async surfaceChanged(nodeId: string): Promise<void> {
    const session = this.#directory.current(nodeId);
    if (session === undefined) return;
    this.#directory.surfaceChanged(nodeId, await this.declare(session.declaration));
    void this.#deliver(nodeId);
  }

  /** Writes down what was noted, and ends what is overdue. */
  async tick(): Promise<void> {
    await this.#options.nodes.pairing.flush();
    await this.#diary.tick();
    await this.#work.tidy();
  }

  #deliver(nodeId: string): Promise<void> {
    const { nodes, clock, logger } = this.#options;
    return deliverWork(nodeId, {
      work: this.#work,
      directory: this.#directory,
      rules: nodes.rules,
      now: clock.now,
      logger,
    });
  }

  /** Writes down what was noted since the last time. Whether it works changes nothing any more. */
  async close(): Promise<void> {
    await this.#diary.flush().catch((error: unknown) => {
      this.#options.logger.error({ err: error }, "when nodes were last here could not be written");
    });
  }

  /** A device is gone: nothing that was approved for it as a node stays. */
  async forget(nodeId: string): Promise<void> {
    await this.#options.nodes.pairing.forget(nodeId);
    await this.#diary.forget(nodeId);
  }

  async #rename(nodeId: string, displayName: string, { deviceId, scopes }: Peer): Promise<boolean> {
    const caller = { deviceId, scopes };
    const device = await this.#options.devices.rename({ deviceId: nodeId, displayName, caller });
    if (device.type === "forbidden") throw forbidden(device);
    const node = await this.#options.nodes.pairing.rename({ nodeId, displayName, caller });
    if (node.type === "forbidden") throw forbidden(node);
    return device.type === "renamed" || node.type === "renamed";
  }
}

function withoutFamily(claims: NodeFacts): NodeFacts {
  const { deviceFamily: _, ...facts } = claims;
  return facts;
}

/** What to show while a document can't be read: its owner is told elsewhere, and the rest is as good as before. */
function unlessDamaged<T>(shown: T): (error: unknown) => T {
  return (error) => {
    if (!(error instanceof StoreError)) throw error;
    return shown;
  };
}
