import * as z from "zod";
import { attachments, chatMessageSchema } from "../chat.ts";
import { method } from "../define.ts";
import { lazy } from "../lazy.ts";
import { LIMITS } from "../limits.ts";
import { idempotencyKey, longText, sessionKey, shortText } from "../text.ts";

const abortResult = lazy(() =>
  z.object({ ok: z.literal(true), aborted: z.boolean(), runIds: z.array(z.string().min(1)) }),
);

/** Talking with an agent in a session, as the web page and the apps do. */
export const chatMethods = {
  "chat.history": method({
    summary: "The newest messages of a session, oldest first.",
    role: "operator",
    scope: "operator.read",
    since: 3,
    status: "served",
    params: lazy(() =>
      z.object({
        sessionKey: sessionKey(),
        agentId: shortText().optional().meta({ description: "Since revision 4." }),
        sessionId: shortText()
          .optional()
          .meta({ description: "An earlier transcript of the session. Since revision 4." }),
        limit: z.int().min(1).max(LIMITS.maxHistoryMessages).optional().meta({ description: "Default 200." }),
        offset: z
          .int()
          .min(0)
          .optional()
          .meta({ description: "So many of the newest are passed over. Since revision 4." }),
        cursor: shortText().optional().meta({ description: "From an earlier answer. Since revision 4." }),
        messageId: shortText().optional().meta({ description: "The newest message that is told. Since revision 4." }),
        maxChars: z
          .int()
          .min(1)
          .max(500_000)
          .optional()
          .meta({ description: "Bound of the messages as JSON; the oldest go first. Since revision 4." }),
      }),
    ),
    result: lazy(() =>
      z.object({
        kind: z.enum(["delta", "reset"]).optional().meta({
          description:
            "Only for a request with a cursor: `delta`, the messages since; `reset`, the newest messages instead, because the cursor is of no use, or more is new than fits.",
        }),
        sessionKey: z.string().optional(),
        sessionId: z.string().optional(),
        messages: z.array(chatMessageSchema()).optional().meta({ description: "Absent only in a reset." }),
        thinkingLevel: z.string().optional(),
        deltaCursor: z.string().optional(),
      }),
    ),
    notes: "The answer is kept within `maxHistoryBytes`: the oldest messages go first.",
  }),
  "chat.send": method({
    summary: "Says something in a session; the agent's answer comes as events.",
    role: "operator",
    scope: "operator.write",
    since: 3,
    status: "served",
    idempotent: "kept",
    params: lazy(() =>
      z.object({
        sessionKey: sessionKey(),
        message: longText().meta({ description: "May be empty when there are attachments." }),
        thinking: shortText().optional(),
        deliver: z.boolean().optional(),
        attachments: attachments().optional(),
        timeoutMs: z.int().min(0).optional(),
        agentId: shortText().optional().meta({ description: "Since revision 4." }),
        sessionId: shortText().optional().meta({ description: "Since revision 4." }),
        fastMode: z
          .union([z.boolean(), z.literal("auto")])
          .optional()
          .meta({ description: "Since revision 4." }),
        queueMode: z
          .enum(["steer", "followup", "collect", "interrupt"])
          .optional()
          .meta({ description: "What happens when a run is under way. Since revision 4." }),
        replyToId: shortText().optional().meta({ description: "Since revision 4." }),
        idempotencyKey: idempotencyKey(),
      }),
    ),
    result: lazy(() =>
      z.union([
        z.object({
          runId: z.string().min(1),
          status: z.enum(["started", "in_flight", "ok", "error"]),
          summary: z.string().optional(),
        }),
        abortResult(),
      ]),
    ),
    notes:
      "Answers `started` at once; a repeat gets `in_flight`, later `ok` or the error. The key is the run's id. A text that asks to stop (`/stop`, `stop`, `esc`, `abort`, `wait`, `exit`, `interrupt`) aborts the session's runs instead and is answered like `chat.abort`.",
  }),
  "chat.abort": method({
    summary: "Ends one run of a session, or all of them.",
    role: "operator",
    scope: "operator.write",
    since: 3,
    status: "served",
    params: lazy(() =>
      z.object({
        sessionKey: sessionKey(),
        runId: shortText().optional(),
        agentId: shortText().optional().meta({ description: "Since revision 4." }),
        preserveSideRuns: z.boolean().optional().meta({ description: "Since revision 4." }),
      }),
    ),
    result: abortResult,
    notes: "An unknown run is no error: `aborted` is false. A run of another session is refused.",
  }),
  "chat.inject": method({
    summary: "Adds an assistant message to a transcript without running an agent.",
    role: "operator",
    scope: "operator.admin",
    since: 3,
    status: "served",
    unlisted: [3],
    params: lazy(() =>
      z.object({
        sessionKey: sessionKey(),
        agentId: shortText().optional().meta({ description: "Since revision 4." }),
        message: longText().min(1),
        label: z.string().max(100).optional(),
      }),
    ),
    result: lazy(() => z.object({ ok: z.literal(true), messageId: z.string().min(1) })),
    notes: "Followed by a `chat` event whose run id is `inject-` and the message id.",
  }),
} as const;
