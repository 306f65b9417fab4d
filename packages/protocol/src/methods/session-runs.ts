import * as z from "zod";
import { attachments } from "../chat.ts";
import { method } from "../define.ts";
import { lazy } from "../lazy.ts";
import { sessionEntrySchema } from "../sessions.ts";
import { idempotencyKey, longText, noParams, sessionKey, sessionLabel, shortText } from "../text.ts";

const agentId = () => shortText().optional();
const started = lazy(() =>
  z.object({
    runId: z.string().min(1),
    status: z.enum(["started", "in_flight", "ok", "error"]),
    messageSeq: z.int().min(1).optional(),
    interruptedActiveRun: z.boolean().optional(),
  }),
);
const said = () => ({
  key: sessionKey(),
  agentId: agentId(),
  message: longText(),
  thinking: shortText().optional(),
  attachments: attachments().optional(),
  timeoutMs: z.int().min(0).optional(),
  idempotencyKey: idempotencyKey().optional(),
});

/** Making sessions, speaking in them and listening to them. All of it came with revision 4. */
export const sessionRunMethods = {
  "sessions.subscribe": method({
    summary: "Asks for the event `sessions.changed`.",
    role: "operator",
    scope: "operator.read",
    since: 4,
    status: "planned",
    params: noParams,
    result: lazy(() => z.object({ subscribed: z.boolean() })),
    notes: "Holds for this connection.",
  }),
  "sessions.messages.subscribe": method({
    summary: "Asks for the messages and tool calls of one session as events.",
    role: "operator",
    scope: "operator.read",
    since: 4,
    status: "planned",
    params: lazy(() =>
      z.object({ key: sessionKey(), agentId: agentId(), includeApprovals: z.literal(true).optional() }),
    ),
    result: lazy(() => z.object({ subscribed: z.boolean(), key: z.string().min(1) })),
    notes: "Holds for this connection. The events are `session.message` and `session.tool`.",
  }),
  "sessions.messages.unsubscribe": method({
    summary: "Ends such a subscription.",
    role: "operator",
    scope: "operator.read",
    since: 4,
    status: "planned",
    params: lazy(() => z.object({ key: sessionKey(), agentId: agentId() })),
    result: lazy(() => z.object({ subscribed: z.boolean(), key: z.string().min(1) })),
  }),
  "sessions.create": method({
    summary: "Makes a session, and may give it a first task.",
    role: "operator",
    scope: "operator.write",
    since: 4,
    status: "planned",
    idempotent: true,
    params: lazy(() =>
      z.object({
        key: sessionKey().optional(),
        idempotencyKey: idempotencyKey().optional(),
        agentId: agentId(),
        label: sessionLabel().optional(),
        displayName: z.string().min(1).max(500).optional(),
        category: sessionLabel().optional(),
        model: shortText().optional(),
        thinkingLevel: shortText().optional(),
        fastMode: z.union([z.boolean(), z.literal("auto")]).optional(),
        parentSessionKey: sessionKey().optional(),
        fork: z.boolean().optional(),
        task: longText().optional(),
        message: longText().optional(),
        attachments: attachments().optional(),
        execNode: shortText().optional(),
        cwd: z.string().max(4_096).optional(),
      }),
    ),
    result: lazy(() =>
      z.object({
        ok: z.literal(true),
        key: z.string().min(1),
        sessionId: z.string().optional(),
        entry: sessionEntrySchema().optional(),
        runStarted: z.boolean().optional(),
        runId: z.string().optional(),
        messageSeq: z.int().min(1).optional(),
      }),
    ),
  }),
  "sessions.send": method({
    summary: "Says something in a session, after what is running there.",
    role: "operator",
    scope: "operator.write",
    since: 4,
    status: "served",
    idempotent: "kept",
    params: lazy(() => z.object(said())),
    result: started,
  }),
  "sessions.steer": method({
    summary: "Says something in a session now, and turns what is running there.",
    role: "operator",
    scope: "operator.write",
    since: 4,
    status: "served",
    idempotent: "kept",
    params: lazy(() => z.object(said())),
    result: started,
  }),
  "sessions.abort": method({
    summary: "Ends what runs in a session.",
    role: "operator",
    scope: "operator.write",
    since: 4,
    status: "served",
    params: lazy(() =>
      z
        .object({
          key: sessionKey().optional(),
          runId: shortText().optional(),
          agentId: agentId(),
          clearQueued: z.boolean().optional(),
        })
        .refine((params) => params.key !== undefined || params.runId !== undefined, "key or runId is required"),
    ),
    result: lazy(() =>
      z.object({
        ok: z.literal(true),
        abortedRunId: z.string().nullable(),
        status: z.enum(["aborted", "no-active-run"]),
      }),
    ),
  }),
  "sessions.fork": method({
    summary: "Makes a new session from an earlier point of another.",
    role: "operator",
    scope: "operator.write",
    since: 4,
    status: "planned",
    params: lazy(() => z.object({ sessionKey: sessionKey(), agentId: agentId(), entryId: shortText() })),
    result: lazy(() =>
      z.object({
        sessionKey: z.string().min(1),
        editorText: z
          .string()
          .optional()
          .meta({ description: "What was said at that point, to change and say again." }),
      }),
    ),
  }),
} as const;
