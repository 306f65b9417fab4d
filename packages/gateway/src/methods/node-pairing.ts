import { type PairedNodeSummary, type PendingNodeSummary, pairedNodeSummary } from "@saltgate/pairing";
import type { PairedNode, PendingNode } from "@saltgate/protocol";
import type { Peer } from "../connection/peer.ts";
import { RequestError } from "../dispatch/outcome.ts";
import { given } from "../given.ts";
import { platformOf } from "../nodes/platform.ts";
import type { NodePairingPort } from "../pairing-port.ts";
import { forbidden } from "./devices.ts";
import type { Handlers } from "./handlers.ts";

/** What the methods about approvals of nodes need. */
export interface NodePairingMethodsOptions {
  readonly pairing: NodePairingPort;
  /** Counts guesses: how long whoever asks is locked out, in milliseconds, and a wrong guess. */
  readonly guesses: { lockedForMs(caller: Peer): number; wrong(caller: Peer, credential: string): void };
}

type NodePairingMethods = Pick<
  Handlers,
  | "node.pair.request"
  | "node.pair.list"
  | "node.pair.approve"
  | "node.pair.reject"
  | "node.pair.remove"
  | "node.pair.verify"
>;

/** Handlers of the methods by which owners say what nodes may be asked for. The pairing store decides. */
export function nodePairingMethods({ pairing, guesses }: NodePairingMethodsOptions): NodePairingMethods {
  return {
    async "node.pair.request"({ nodeId, caps, commands, silent, platform, deviceFamily, ...metadata }) {
      const outcome = await pairing.request({
        nodeId,
        metadata: { ...given(metadata), platform: platformOf(platform, deviceFamily) },
        ...(caps && { caps }),
        ...(commands && { commands }),
        ...(silent !== undefined && { silent }),
      });
      if (outcome.type === "refused")
        throw new RequestError("PAIRING_CAPACITY", "too many nodes wait for approval (saltgate nodes pending)", {
          retryAfterMs: 60_000,
        });
      return { status: "pending", request: pendingNode(outcome.request), created: outcome.created };
    },
    async "node.pair.list"() {
      const { pending, paired } = await pairing.list();
      return { pending: pending.map(pendingNode), paired: paired.map(pairedNode) };
    },
    async "node.pair.approve"({ requestId }, { deviceId, scopes }) {
      const outcome = await pairing.approve({ requestId, caller: { deviceId, scopes } });
      if (outcome.type === "unknown-request") throw unknownRequest(requestId);
      if (outcome.type === "forbidden") throw forbidden(outcome);
      // The secret of a token is in no list and no file: whoever approved it is told now, or nobody.
      const node = pairedNode(pairedNodeSummary(outcome.node));
      return { requestId, node: outcome.token === undefined ? node : { ...node, token: outcome.token } };
    },
    async "node.pair.reject"({ requestId }, { deviceId, scopes }) {
      const outcome = await pairing.reject({ requestId, caller: { deviceId, scopes } });
      if (outcome.type === "unknown-request") throw unknownRequest(requestId);
      if (outcome.type === "forbidden") throw forbidden(outcome);
      return { requestId, nodeId: outcome.nodeId };
    },
    async "node.pair.remove"({ nodeId }, { deviceId, scopes }) {
      const outcome = await pairing.remove({ nodeId, caller: { deviceId, scopes } });
      if (outcome.type === "unknown-node")
        throw new RequestError("UNKNOWN_NODE", "unknown nodeId (saltgate nodes list)");
      if (outcome.type === "forbidden") throw forbidden(outcome);
      return { nodeId };
    },
    async "node.pair.verify"({ nodeId, token }, caller) {
      const lockedMs = guesses.lockedForMs(caller);
      if (lockedMs > 0)
        throw new RequestError("AUTH_RATE_LIMITED", "too many wrong tokens; wait, then use the right one", {
          retryAfterMs: lockedMs,
        });
      const answer = await pairing.verify({ nodeId, token });
      if (!answer.ok) guesses.wrong(caller, token);
      return answer.ok ? { ok: true, node: pairedNode(answer.node) } : { ok: false };
    },
  };
}

/** A request as the protocol shows it. */
export function pendingNode(summary: PendingNodeSummary): PendingNode {
  const { added: _, pinned: __, declared: ___, ...row } = summary;
  const { caps, commands, permissions, ...rest } = row;
  return { ...rest, ...lists({ caps, commands, permissions }) };
}

function pairedNode({ caps, commands, permissions, ...row }: PairedNodeSummary): PairedNode {
  return { ...row, ...lists({ caps, commands, permissions }) };
}

function lists(claims: {
  readonly caps: readonly string[] | undefined;
  readonly commands: readonly string[] | undefined;
  readonly permissions: Readonly<Record<string, boolean>> | undefined;
}): {
  caps?: string[];
  commands?: string[];
  permissions?: Record<string, boolean>;
} {
  return {
    ...(claims.caps && { caps: [...claims.caps] }),
    ...(claims.commands && { commands: [...claims.commands] }),
    ...(claims.permissions && { permissions: { ...claims.permissions } }),
  };
}

function unknownRequest(requestId: string): RequestError {
  return new RequestError(
    "UNKNOWN_REQUEST_ID",
    "unknown requestId: it may have expired, been answered, or been superseded by a newer one (saltgate nodes pending)",
    { details: { requestId } },
  );
}
