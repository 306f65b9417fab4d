import * as z from "zod";
import { method } from "../define.ts";
import { lazy } from "../lazy.ts";
import { LIMITS } from "../limits.ts";
import { nodeRowSchema, pendingWorkSchema, queuedWorkSchema } from "../nodes.ts";
import { idempotencyKey, longText, noParams, okResult, sessionKey, shortText, timestampMs } from "../text.ts";

const nodeId = () => shortText();

/** Nodes, seen by an operator. */
export const nodeMethods = {
  "node.list": method({
    summary: "Every node that is paired or connected.",
    role: "operator",
    scope: "operator.read",
    since: 3,
    status: "served",
    params: noParams,
    result: lazy(() => z.object({ ts: timestampMs(), nodes: z.array(nodeRowSchema()) })),
    notes: "Connected ones first, then by name.",
  }),
  "node.describe": method({
    summary: "One node.",
    role: "operator",
    scope: "operator.read",
    since: 3,
    status: "served",
    params: lazy(() => z.object({ nodeId: nodeId() })),
    result: lazy(() => nodeRowSchema().extend({ ts: timestampMs() })),
  }),
  "node.invoke": method({
    summary: "Has a node run one of its commands, and answers with what came of it.",
    role: "operator",
    scope: "operator.write",
    since: 3,
    status: "served",
    privileged: true,
    idempotent: true,
    params: lazy(() =>
      z.object({
        nodeId: nodeId(),
        command: shortText(),
        params: z.unknown().optional(),
        timeoutMs: z
          .int()
          .min(0)
          .optional()
          .meta({ description: `Default ${LIMITS.nodeInvokeTimeoutMs}.` }),
        idempotencyKey: idempotencyKey().meta({
          description: "Passed on to the node too: neither of the two runs a repeat again.",
        }),
        stream: z
          .boolean()
          .optional()
          .meta({ description: "Whether the caller wants output as it comes, by `node.invoke.output`." }),
        sessionKey: sessionKey().optional().meta({ description: "Since revision 4." }),
      }),
    ),
    result: lazy(() =>
      z.object({
        ok: z.literal(true),
        nodeId: z.string().min(1),
        command: z.string().min(1),
        payload: z.unknown(),
        payloadJSON: z.string().nullable().optional(),
      }),
    ),
    notes:
      "The node gets the event `node.invoke.request`. Errors: `UNAVAILABLE` with `NOT_CONNECTED`; `INVALID_REQUEST` with `details.reason` when the command isn't allowed or declared; `UNAVAILABLE` with `details.nodeError` when the node said no or was late. What only an approval may set (`approved`, `approvalDecision`) is taken out of the params (rule R-32).",
  }),
  "node.rename": method({
    summary: "Gives a node a name that its owner chose.",
    role: "operator",
    scope: "operator.pairing",
    since: 3,
    status: "served",
    params: lazy(() => z.object({ nodeId: nodeId(), displayName: z.string().trim().min(1).max(120) })),
    result: lazy(() => z.object({ nodeId: z.string().min(1), displayName: z.string().min(1) })),
  }),
  "node.pending.enqueue": method({
    summary: "Leaves work for a node that sleeps: it gets it when it is back, or at once when it is there.",
    role: "operator",
    scope: "operator.write",
    since: 4,
    status: "served",
    privileged: true,
    params: lazy(() =>
      z
        .object({
          nodeId: nodeId(),
          type: z.enum(["status.request", "location.request"]).optional(),
          command: shortText().optional().meta({ description: "Instead of `type`: a command of the node." }),
          params: z.unknown().optional(),
          idempotencyKey: idempotencyKey().optional().meta({ description: "With it, a repeat is the same work." }),
          priority: z.enum(["normal", "high"]).optional(),
          expiresInMs: z
            .int()
            .min(1_000)
            .max(LIMITS.maxPendingWorkMs)
            .optional()
            .meta({ description: `Default ${LIMITS.pendingWorkTtlMs}. What is not with the node by then never runs.` }),
          wake: z.boolean().optional(),
        })
        .refine(
          (params) => (params.type === undefined) !== (params.command === undefined),
          "command or type is required",
        ),
    ),
    result: lazy(() =>
      z.object({
        nodeId: z.string().min(1),
        revision: z.int().min(0),
        queued: pendingWorkSchema(),
        wakeTriggered: z.boolean(),
      }),
    ),
    notes: "Answered when the work is on disk. Followed by `node.pending.resolved` when it is over.",
  }),
  "node.pending.list": method({
    summary: "Work that was left for nodes, and what became of it.",
    role: "operator",
    scope: "operator.write",
    since: 4,
    status: "served",
    params: lazy(() => z.object({ nodeId: nodeId().optional() })),
    result: lazy(() => z.object({ work: z.array(queuedWorkSchema()) })),
    notes: "Newest first, without what the nodes answered.",
  }),
  "node.pending.get": method({
    summary: "One piece of such work, with what the node answered.",
    role: "operator",
    scope: "operator.write",
    since: 4,
    status: "served",
    params: lazy(() => z.object({ id: shortText() })),
    result: queuedWorkSchema,
  }),
  "node.pending.cancel": method({
    summary: "Takes such work back, if the node hasn't got it yet.",
    role: "operator",
    scope: "operator.write",
    since: 4,
    status: "served",
    privileged: true,
    params: lazy(() => z.object({ id: shortText() })),
    result: lazy(() => z.object({ id: z.string().min(1), cancelled: z.boolean() })),
  }),
} as const;

/** What nodes tell the gateway. Only connections in the role `node` may call these. */
export const nodeRoleMethods = {
  "node.invoke.result": method({
    summary: "A node's answer to `node.invoke.request`.",
    role: "node",
    since: 3,
    status: "served",
    concludes: true,
    params: lazy(() =>
      z.object({
        id: shortText().meta({ description: "Of the request." }),
        nodeId: nodeId().meta({ description: "The node's own; another is refused." }),
        ok: z.boolean(),
        payload: z.unknown().optional(),
        payloadJSON: z.unknown().optional().meta({ description: "JSON text; null and absent mean the same." }),
        error: z
          .object({ code: z.string().max(256).nullish(), message: longText().nullish() })
          .nullish()
          .meta({ description: "When `ok` is false." }),
      }),
    ),
    result: lazy(() => z.object({ ok: z.literal(true), ignored: z.literal(true).optional() })),
    notes: "An answer that comes too late is accepted and ignored.",
  }),
  "node.invoke.progress": method({
    summary: "A piece of output, before the answer.",
    role: "node",
    since: 4,
    status: "served",
    concludes: true,
    params: lazy(() =>
      z.object({
        invokeId: shortText(),
        nodeId: nodeId(),
        seq: z.int().min(0),
        chunk: z.string().max(LIMITS.maxNodeChunkChars),
        stream: z.enum(["stdout", "stderr"]).optional(),
      }),
    ),
    result: lazy(() => z.object({ ok: z.literal(true), ignored: z.literal(true).optional() })),
  }),
  "node.event": method({
    summary: "Something happened on a node.",
    role: "node",
    since: 3,
    status: "served",
    params: lazy(() =>
      z.object({
        event: shortText(),
        payload: z.unknown().optional(),
        payloadJSON: longText().nullish().meta({ description: "JSON text, instead of `payload`." }),
      }),
    ),
    result: lazy(() =>
      z.object({
        ok: z.boolean(),
        event: z.string().optional().meta({ description: "Since revision 4." }),
        handled: z.boolean().optional().meta({ description: "Since revision 4." }),
        reason: z.string().optional().meta({ description: "Since revision 4." }),
      }),
    ),
    notes:
      "Kinds: `voice.transcript`, `agent.request`, `chat.subscribe`, `chat.unsubscribe`, `exec.started`, `exec.finished`, `exec.denied`, `node.presence.alive` (with `host`). `voice.transcript` {text, sessionKey?, key?} is said in the main session unless it names another one; `agent.request` {message, sessionKey?, key?, thinking?, timeoutSeconds?, deliver?} in a session of the node's own, `node-<nodeId>`. Texts have at most 20,000 characters; `deliver` sends the answer to the chat that the session was last spoken to from. Unknown kinds are answered and otherwise ignored.",
  }),
  "node.pending.drain": method({
    summary: "Takes the work that was left for this node.",
    role: "node",
    since: 4,
    status: "served",
    params: lazy(() => z.object({ maxItems: z.int().min(1).max(10).optional() })),
    result: lazy(() =>
      z.object({
        nodeId: z.string().min(1),
        revision: z.int().min(0),
        items: z.array(pendingWorkSchema()),
        hasMore: z.boolean(),
      }),
    ),
  }),
  "node.pending.pull": method({
    summary: "The invocations that waited while this node was away.",
    role: "node",
    since: 4,
    status: "planned",
    params: noParams,
    result: lazy(() =>
      z.object({
        nodeId: z.string().min(1),
        actions: z.array(
          z.object({
            id: z.string().min(1),
            command: z.string().min(1),
            paramsJSON: z.string().nullable(),
            enqueuedAtMs: timestampMs(),
          }),
        ),
      }),
    ),
  }),
  "node.pending.ack": method({
    summary: "Says that waiting invocations were carried out.",
    role: "node",
    since: 4,
    status: "planned",
    params: lazy(() => z.object({ ids: z.array(shortText()).min(1).max(LIMITS.maxListEntries) })),
    result: lazy(() =>
      z.object({
        nodeId: z.string().min(1),
        ackedIds: z.array(z.string().min(1)),
        remainingCount: z.int().min(0),
      }),
    ),
  }),
  "node.pluginSurface.refresh": method({
    summary: "A fresh address of a surface, such as the canvas.",
    role: "node",
    since: 4,
    status: "planned",
    params: lazy(() => z.object({ surface: shortText() })),
    result: lazy(() =>
      z.object({
        surface: z.string().min(1),
        pluginSurfaceUrls: z.record(z.string(), z.string()),
        expiresAtMs: timestampMs().optional(),
      }),
    ),
    notes: "The address carries a capability that ends; ask again before it does.",
  }),
  "node.pluginTools.update": method({
    summary: "The tools that this node offers to agents.",
    role: "node",
    since: 4,
    status: "planned",
    params: lazy(() =>
      z.object({
        tools: z
          .array(
            z.object({
              pluginId: shortText(),
              name: z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, "must be a tool name"),
              description: z.string().min(1).max(4_096),
              parameters: z.record(z.string(), z.unknown()).optional(),
              command: shortText().optional(),
              mcp: z.object({ server: shortText(), tool: shortText() }).optional(),
            }),
          )
          .max(LIMITS.maxListEntries),
      }),
    ),
    result: okResult,
    notes: "Replaces the list that was there. Commands stay within what the node was approved for (rule R-30).",
  }),
  "node.skills.update": method({
    summary: "The skills that this node brings along.",
    role: "node",
    since: 4,
    status: "planned",
    params: lazy(() =>
      z.object({
        skills: z
          .array(
            z.object({
              name: z.string().regex(/^(?!.*--)[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/, "must be a skill name"),
              description: z.string().min(1).max(1_024),
              content: z.string().min(1).max(65_536),
            }),
          )
          .max(64),
      }),
    ),
    result: okResult,
    notes: "Replaces the list that was there.",
  }),
  "node.runnerInventory.update": method({
    summary: "The agent runners that this node could host.",
    role: "node",
    since: 4,
    status: "planned",
    params: lazy(() => z.object({ runners: z.array(z.looseObject({ id: shortText() })).max(LIMITS.maxListEntries) })),
    result: okResult,
    notes: "Replaces the list that was there.",
  }),
  "skills.bins": method({
    summary: "The programs that installed skills need.",
    role: "node",
    since: 3,
    status: "served",
    params: noParams,
    result: lazy(() => z.object({ bins: z.array(z.string()) })),
    notes: "Sorted.",
  }),
} as const;
