import * as z from "zod";
import { event } from "../define.ts";
import { lazy } from "../lazy.ts";
import { LIMITS } from "../limits.ts";
import { pendingNodeSchema } from "../nodes.ts";
import { timestampMs } from "../text.ts";

/** What nodes are told, and which of them may join. */
export const nodeEvents = {
  "node.pair.requested": event({
    summary: "A node asks to be let in, in the older node pairing store.",
    since: 3,
    status: "planned",
    audience: "operators",
    scope: "operator.pairing",
    droppable: false,
    payload: pendingNodeSchema,
  }),
  "node.pair.resolved": event({
    summary: "Such a node was let in or turned away.",
    since: 3,
    status: "planned",
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
    status: "planned",
    audience: "target",
    droppable: false,
    payload: lazy(() =>
      z.object({
        id: z.string().min(1).meta({ description: "The answer carries it back." }),
        nodeId: z.string().min(1),
        command: z.string().min(1),
        paramsJSON: z.string().nullable().optional().meta({ description: "The params, as JSON text." }),
        timeoutMs: z.int().min(0).optional(),
        idempotencyKey: z.string().optional(),
      }),
    ),
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
} as const;
