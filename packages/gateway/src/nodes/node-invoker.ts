import type { NodeInvokeRequest } from "@saltgate/protocol";
import type { Clock } from "../clock.ts";
import { RequestError } from "../dispatch/outcome.ts";
import type { NodeAnswer } from "./invocation-answer.ts";
import { isIdempotent, type NodeSession } from "./node-session.ts";

/** The longest time that a timer can wait, in milliseconds. */
const MAX_TIMER_MS = 2_147_483_647;

/** Output before the answer, for whoever wants it. */
export interface InvocationOutput {
  readonly seq: number;
  readonly chunk: string;
  readonly stream: "stdout" | "stderr" | undefined;
}

/** What a node is asked. */
export interface Invocation {
  readonly command: string;
  readonly params: unknown;
  readonly timeoutMs: number;
  readonly idempotencyKey: string;
  /** Gets output as it comes; without it the node isn't asked for any. */
  readonly onOutput?: ((output: InvocationOutput) => void) | undefined;
}

interface Waiting {
  readonly id: string;
  readonly nodeId: string;
  readonly connId: string;
  readonly command: string;
  /** Whether the node may be asked again without running it twice. */
  readonly isRepeatable: boolean;
  readonly onOutput: Invocation["onOutput"];
  readonly settle: (answer: NodeAnswer) => void;
  readonly fail: (error: RequestError) => void;
}

/** The bounds of an invoker. */
export interface InvokerLimits {
  /** Invocations that may wait for one node. */
  readonly maxWaitingPerNode: number;
}

/**
 * Asks nodes and waits for their answers. Every invocation ends once: by its answer, by its time, or by the end of the
 * connection over which it was asked. What comes later is late, and changes nothing.
 */
export class NodeInvoker {
  readonly #clock: Clock;
  readonly #newId: () => string;
  readonly #limits: InvokerLimits;
  readonly #waiting = new Map<string, Waiting>();
  readonly #perNode = new Map<string, number>();

  constructor(clock: Clock, newId: () => string, limits: InvokerLimits = { maxWaitingPerNode: 512 }) {
    this.#clock = clock;
    this.#newId = newId;
    this.#limits = limits;
  }

  /** How many of them wait for one node. */
  waitingFor(nodeId: string): number {
    return this.#perNode.get(nodeId) ?? 0;
  }

  /** Asks a node. @throws {RequestError} `NODE_TIMEOUT`, `NODE_DISCONNECTED`, `QUEUE_FULL` */
  ask(session: NodeSession, invocation: Invocation): Promise<NodeAnswer> {
    const { nodeId } = session;
    const underWay = this.waitingFor(nodeId);
    if (underWay >= this.#limits.maxWaitingPerNode) {
      throw new RequestError("QUEUE_FULL", `${underWay} invocations wait for this node already`, {
        retryAfterMs: 1_000,
      });
    }
    const id = this.#newId();
    const { promise, resolve, reject } = Promise.withResolvers<NodeAnswer>();
    const cancel = this.#clock.after(Math.min(invocation.timeoutMs, MAX_TIMER_MS), () =>
      this.#end(id)?.fail(timedOut(isIdempotent(session))),
    );
    this.#waiting.set(id, {
      id,
      nodeId,
      connId: session.channel.id,
      command: invocation.command,
      isRepeatable: isIdempotent(session),
      onOutput: invocation.onOutput,
      settle: (answer) => {
        cancel();
        resolve(answer);
      },
      fail: (error) => {
        cancel();
        reject(error);
      },
    });
    this.#perNode.set(nodeId, underWay + 1);
    sendInvocation(session, id, invocation);
    return promise;
  }

  /** Takes a node's answer. @returns false when nothing waits for it any more */
  answer(nodeId: string, id: string, answer: NodeAnswer): boolean {
    if (this.#waiting.get(id)?.nodeId !== nodeId) return false;
    this.#end(id)?.settle(answer);
    return true;
  }

  /** Takes a piece of output. @returns false when nobody reads it */
  output(nodeId: string, id: string, output: InvocationOutput): boolean {
    const waiting = this.#waiting.get(id);
    if (waiting?.nodeId !== nodeId || waiting.onOutput === undefined) return false;
    waiting.onOutput(output);
    return true;
  }

  /** A connection of a node is over: what was asked over it will not be answered over it. */
  connectionEnded(connId: string): void {
    for (const waiting of this.#waiting.values()) {
      if (waiting.connId !== connId) continue;
      this.#end(waiting.id)?.fail(
        new RequestError("NODE_DISCONNECTED", `node disconnected (${waiting.command})`, {
          details: { nodeError: { code: "UNAVAILABLE", message: `node disconnected (${waiting.command})` } },
          retryable: waiting.isRepeatable,
        }),
      );
    }
  }

  #end(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(id);
    const left = this.waitingFor(waiting.nodeId) - 1;
    if (left > 0) this.#perNode.set(waiting.nodeId, left);
    else this.#perNode.delete(waiting.nodeId);
    return waiting;
  }
}

/** Sends what a node is asked, to that node alone. */
export function sendInvocation(
  session: NodeSession,
  id: string,
  { command, params, timeoutMs, idempotencyKey, onOutput }: Invocation,
): void {
  // Without params revision 3 says null, and the published form of revision 4 knows text or nothing.
  const none = session.peer.version === 3 ? { paramsJSON: null } : {};
  const request: NodeInvokeRequest = {
    id,
    nodeId: session.nodeId,
    command,
    ...(params === undefined ? none : { paramsJSON: JSON.stringify(params) }),
    timeoutMs,
    idempotencyKey,
    ...(onOutput !== undefined && { wantsProgress: true }),
  };
  session.channel.sendTargeted("node.invoke.request", JSON.stringify(request));
}

function timedOut(retryable: boolean): RequestError {
  const message = "node invoke timed out";
  return new RequestError("NODE_TIMEOUT", message, { details: { nodeError: { code: "TIMEOUT", message } }, retryable });
}
