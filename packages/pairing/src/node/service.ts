import { digestSecret, mintSecret, type SyncEd25519Engine } from "@saltgate/identity";
import type { StateDocument } from "@saltgate/store";
import type { Caller } from "../authority.ts";
import { PairingBook } from "../pairing-book.ts";
import { PairingDocuments } from "../pairing-documents.ts";
import { own } from "../rows.ts";
import { uuidOf } from "../uuid.ts";
import { nodeApprovals } from "./approval.ts";
import type {
  ApprovedNode,
  DeclaredNode,
  DeclareNodeEvent,
  NodePairingEvent,
  NodePairingOutcomes,
  RequestNodeEvent,
} from "./events.ts";
import { defaultNodePairingLimits, type NodePairingLimits } from "./limits.ts";
import { listNodes, type NodeList, type PairedNodeSummary, pairedNodeSummary } from "./list.ts";
import { type NodeNotice, nodeNoticesBetween, nodeNoticesOf } from "./notices.ts";
import type { PairedNode, PairedNodes, PendingNode, PendingNodes } from "./records.ts";
import { nodePairing } from "./reducer.ts";
import { nodeTokenMatches } from "./token.ts";

export interface NodePairingOptions {
  /** `nodes/pending`, opened with the shape of `nodeDocumentShapes`. */
  readonly pending: StateDocument<PendingNodes>;
  /** `nodes/paired`, opened with the shape of `nodeDocumentShapes`. */
  readonly paired: StateDocument<PairedNodes>;
  /** Hashes and randomness; `nativeEngine` of `@saltgate/identity/node`. */
  readonly engine: Pick<SyncEd25519Engine, "sha256" | "randomBytes">;
  /** @default {@link defaultNodePairingLimits} */
  readonly limits?: Partial<NodePairingLimits>;
  /** Hears what changed, after it is durable and before the answer. A rejection fails the call that caused it. */
  readonly listener?: (notice: NodeNotice) => void | Promise<void>;
  /** Current time in milliseconds since the epoch. @default Date.now */
  readonly now?: () => number;
}

/** A node that has connected says what it can do. */
export type NodeDeclaration = Omit<DeclareNodeEvent, "type" | "requestId">;

/** Like the reducer's outcome, with the secret of a token that was issued. It is nowhere else: send it, don't log it. */
export type ApproveNodeResult =
  | (ApprovedNode & { readonly token?: string })
  | Exclude<NodePairingOutcomes["approve"], ApprovedNode>;

/** An order about a request. */
interface RequestOrder {
  readonly requestId: string;
  readonly caller: Caller;
}

type AnyOutcome = NodePairingOutcomes[keyof NodePairingOutcomes];
type Book = PairingBook<PendingNode, PairedNode, AnyOutcome, NodeNotice>;

/**
 * Node pairing over two documents: what nodes may be asked to do. A node that declares what it declared before is
 * answered from memory; everything else decides on what is on disk at that moment, and is durable before it is answered.
 */
export class NodePairing {
  readonly #book: Book;
  readonly #engine: NodePairingOptions["engine"];
  readonly #limits: NodePairingLimits;
  readonly #now: () => number;
  readonly #uses = new Map<string, number>();

  private constructor(book: Book, options: NodePairingOptions, now: () => number) {
    this.#book = book;
    this.#engine = options.engine;
    this.#limits = { ...defaultNodePairingLimits, ...options.limits };
    this.#now = now;
  }

  /** Opens both files and finishes what a crash left behind. @throws {StoreError} when one of them is damaged */
  static async open(options: NodePairingOptions): Promise<NodePairing> {
    const now = options.now ?? Date.now;
    const book = await PairingBook.open(new PairingDocuments(options.pending, options.paired, nodeApprovals), {
      noticesBetween: (before, after) => nodeNoticesBetween(before, after, now()),
      listener: options.listener,
    });
    return new NodePairing(book, options, now);
  }

  /** What a node may be asked to do, now that it has connected; or again, after a `surface-changed`. */
  async declare(declaration: NodeDeclaration): Promise<DeclaredNode> {
    const view = this.#book.fresh;
    if (view !== undefined) {
      const event: DeclareNodeEvent = { type: "declare", ...declaration, requestId: "" };
      const { state, outcome } = nodePairing(view, event, this.#now(), this.#limits);
      if (state === view) return outcome;
    }
    return this.#change({ type: "declare", ...declaration, requestId: this.#freshId() });
  }

  /** Asks for a node the older way. */
  request(request: Omit<RequestNodeEvent, "type" | "requestId">): Promise<NodePairingOutcomes["request"]> {
    return this.#change({ type: "request", ...request, requestId: this.#freshId() });
  }

  async approve(order: RequestOrder): Promise<ApproveNodeResult> {
    const secret = mintSecret(this.#engine.randomBytes);
    const freshToken = digestSecret(this.#engine.sha256, secret);
    const outcome = await this.#change({ type: "approve", ...order, freshToken });
    return outcome.type === "approved" && outcome.isTokenIssued ? { ...outcome, token: secret } : outcome;
  }

  reject(order: RequestOrder): Promise<NodePairingOutcomes["reject"]> {
    return this.#change({ type: "reject", ...order });
  }

  remove(order: { readonly nodeId: string; readonly caller: Caller }): Promise<NodePairingOutcomes["remove"]> {
    return this.#change({ type: "remove", ...order });
  }

  rename(order: {
    readonly nodeId: string;
    readonly displayName: string;
    readonly caller: Caller;
  }): Promise<NodePairingOutcomes["rename"]> {
    return this.#change({ type: "rename", ...order });
  }

  /** Drops everything about a node. Call it when its device was removed. */
  async forget(nodeId: string): Promise<void> {
    this.#uses.delete(nodeId);
    await this.#change({ type: "forget", nodeId });
  }

  /** Whether a token of the older way of pairing is this node's. */
  async verify(question: {
    readonly nodeId: string;
    readonly token: string;
  }): Promise<{ readonly ok: true; readonly node: PairedNodeSummary } | { readonly ok: false }> {
    const { paired } = await this.#book.current();
    const node = own(paired, question.nodeId);
    const isRight = nodeTokenMatches(node, digestSecret(this.#engine.sha256, question.token));
    return isRight && node !== undefined ? { ok: true, node: pairedNodeSummary(node) } : { ok: false };
  }

  /** Remembers that a node is connected now. Written by the next `flush`. */
  touch(nodeId: string): void {
    this.#uses.set(nodeId, this.#now());
  }

  /** What waits and what is approved, newest first, without secrets and digests. */
  async list(): Promise<NodeList> {
    const state = await this.#book.current();
    return listNodes(nodePairing(state, this.#touches(), this.#now(), this.#limits).state);
  }

  /**
   * Reads both files again, and tells the listener what others changed. Happens by itself before the next answer where
   * the store reports changes; call it as soon as you learn of one.
   */
  refresh(): Promise<void> {
    return this.#book.refresh();
  }

  /** Writes down when nodes were last connected. Call it every minute or so; a crash loses the times since, nothing else. */
  async flush(): Promise<void> {
    const event = this.#touches();
    if (event.uses.length === 0) return;
    await this.#change(event);
    for (const { nodeId, atMs } of event.uses) {
      if (this.#uses.get(nodeId) === atMs) this.#uses.delete(nodeId);
    }
  }

  /** Flushes, and stops listening to the documents. */
  async close(): Promise<void> {
    this.#book.stop();
    await this.flush();
  }

  #touches() {
    return { type: "touch", uses: [...this.#uses].map(([nodeId, atMs]) => ({ nodeId, atMs })) } as const;
  }

  #freshId(): string {
    return uuidOf(this.#engine.randomBytes(16));
  }

  #change<Event extends NodePairingEvent>(event: Event): Promise<NodePairingOutcomes[Event["type"]]> {
    let nowMs = 0;
    return this.#book.change<NodePairingOutcomes[Event["type"]]>(
      (state) => {
        nowMs = this.#now();
        return nodePairing(state, event, nowMs, this.#limits);
      },
      (outcome) => nodeNoticesOf(outcome, nowMs),
    );
  }
}
