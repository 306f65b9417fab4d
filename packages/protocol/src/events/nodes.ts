import * as z from "zod";
import { event } from "../define.ts";
import { lazy } from "../lazy.ts";
import { LIMITS } from "../limits.ts";
import { nodeInvokeRequestSchema } from "../node-commands.ts";
import { pendingNodeSchema, pendingWorkState } from "../nodes.ts";
import { timestampMs } from "../text.ts";

/** What nodes are told, and which of them may join. */
export const nodeEvents = {
  "node.pair.requested": event({
    summary: "A node asks to be let in, in the older node pairing store.",
    since: 3,
    status: "served",
    audience: "operators",
    scope: "operator.pairing",
    droppable: false,
    payload: pendingNodeSchema,
  }),
  "node.pair.resolved": event({
    summary: "Such a node was let in or turned away.",
    since: 3,
    status: "served",
    audience: "operators",
    scope: "operator.pairing",
    droppable: false,
    payload: lazy(() =>
      z.object({
        requestId: z.string().min(1),
        nodeId: z.string().min(1),
        decision: z.enum(["approved", "rejected"]),
        ts: timestampMs(),
      }),
    ),
  }),
  "node.invoke.request": event({
    summary: "Asks a node to run one of its commands.",
    since: 3,
    status: "served",
    audience: "target",
    droppable: false,
    payload: nodeInvokeRequestSchema,
    notes: "The node answers with `node.invoke.result`. It may come right after hello-ok.",
  }),
  "node.invoke.input": event({
    summary: "A piece of input for a command that a node is running.",
    since: 4,
    status: "planned",
    audience: "target",
    droppable: false,
    payload: lazy(() =>
      z.object({
        id: z.string().min(1).meta({ description: "Of the request." }),
        nodeId: z.string().min(1),
        seq: z.int().min(0),
        payloadJSON: z.string().max(LIMITS.maxNodeChunkChars),
      }),
    ),
  }),
  "node.invoke.output": event({
    summary: "A piece of output of an invocation, to whoever asked for it with `stream`.",
    since: 4,
    status: "served",
    audience: "target",
    droppable: false,
    payload: lazy(() =>
      z.object({
        nodeId: z.string().min(1),
        idempotencyKey: z.string().min(1).meta({ description: "Of the `node.invoke` that it belongs to." }),
        seq: z.int().min(0).meta({ description: "Counts up from 0; a gap means that output was lost on the way." }),
        stream: z.enum(["stdout", "stderr"]).optional(),
        chunk: z.string().max(LIMITS.maxNodeChunkChars),
      }),
    ),
    notes: "The answer to `node.invoke` comes after the last piece. Revision 3 clients may ask for it too.",
  }),
  "node.pending.resolved": event({
    summary: "What became of work that was left for a node; `node.pending.get` has the outcome.",
    since: 4,
    status: "served",
    audience: "operators",
    scope: "operator.read",
    droppable: false,
    payload: lazy(() =>
      z.object({
        id: z.string().min(1),
        nodeId: z.string().min(1),
        command: z.string().min(1),
        state: pendingWorkState(),
        ts: timestampMs(),
      }),
    ),
  }),
  "node.changed": event({
    summary: "A node came, went, or may be asked for something else than before.",
    since: 4,
    status: "served",
    audience: "operators",
    scope: "operator.read",
    droppable: true,
    payload: lazy(() =>
      z.object({
        nodeId: z.string().min(1),
        connected: z.boolean(),
        reason: z.enum(["connected", "disconnected", "commands"]),
        ts: timestampMs(),
      }),
    ),
    notes: "`node.describe` tells the rest.",
  }),
} as const;
