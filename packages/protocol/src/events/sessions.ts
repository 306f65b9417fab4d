import * as z from "zod";
import { chatMessageSchema } from "../chat.ts";
import { event } from "../define.ts";
import { lazy } from "../lazy.ts";
import { sessionRowSchema } from "../sessions.ts";
import { timestampMs } from "../text.ts";

/** What happens to sessions. Only for connections that asked for it. */
export const sessionEvents = {
  "sessions.changed": event({
    summary: "A session came, went or changed.",
    since: 4,
    status: "planned",
    audience: "target",
    scope: "operator.read",
    droppable: true,
    payload: lazy(() =>
      z.object({
        sessionKey: z.string().min(1),
        reason: z.string().optional(),
        ts: timestampMs(),
        session: sessionRowSchema().optional().meta({ description: "Absent when it is gone." }),
      }),
    ),
    notes: "For connections that called `sessions.subscribe`.",
  }),
  "session.message": event({
    summary: "A message was added to a session.",
    since: 4,
    status: "planned",
    audience: "target",
    scope: "operator.read",
    droppable: false,
    payload: lazy(() =>
      z.object({
        sessionKey: z.string().min(1),
        messageId: z.string().optional(),
        messageSeq: z.int().min(1).optional(),
        message: chatMessageSchema(),
      }),
    ),
    notes: "For connections that called `sessions.messages.subscribe` with this session.",
  }),
  "session.tool": event({
    summary: "A tool call in a session began, went on or ended.",
    since: 4,
    status: "planned",
    audience: "target",
    scope: "operator.read",
    droppable: true,
    payload: lazy(() =>
      z.object({
        sessionKey: z.string().min(1),
        runId: z.string().min(1),
        seq: z.int().min(0),
        ts: timestampMs(),
        data: z.record(z.string(), z.unknown()),
      }),
    ),
    notes: "For connections that called `sessions.messages.subscribe` with this session.",
  }),
  "session.operation": event({
    summary: "A long operation on a session began or ended.",
    since: 4,
    status: "planned",
    audience: "target",
    scope: "operator.read",
    droppable: false,
    payload: lazy(() =>
      z.object({
        operationId: z.string().min(1),
        operation: z.literal("compact"),
        phase: z.enum(["start", "end"]),
        sessionKey: z.string().min(1),
        agentId: z.string().optional(),
        ts: timestampMs(),
        completed: z.boolean().optional(),
        reason: z.string().optional(),
      }),
    ),
    notes: "For connections that called `sessions.subscribe`.",
  }),
} as const;
