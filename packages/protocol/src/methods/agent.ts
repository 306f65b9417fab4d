import * as z from "zod";
import { agentSummarySchema, modelChoiceSchema } from "../agents.ts";
import { attachments } from "../chat.ts";
import { method } from "../define.ts";
import { lazy } from "../lazy.ts";
import { LIMITS } from "../limits.ts";
import { idempotencyKey, longText, noParams, sessionKey, sessionLabel, shortText, timestampMs } from "../text.ts";

const runResult = lazy(() =>
  z.object({
    runId: z.string().min(1),
    status: z.enum(["accepted", "ok", "error"]),
    acceptedAt: timestampMs().optional().meta({ description: "In the first answer." }),
    summary: z.string().optional().meta({ description: "In the second answer." }),
    result: z
      .object({
        payloads: z.array(
          z.object({
            text: z.string().optional(),
            mediaUrl: z.string().optional(),
            mediaUrls: z.array(z.string()).optional(),
          }),
        ),
        meta: z.record(z.string(), z.unknown()).optional(),
      })
      .optional()
      .meta({ description: "In the second answer." }),
  }),
);

/** Agents, and what they are asked to do. */
export const agentMethods = {
  agent: method({
    summary: "Gives an agent a task.",
    role: "operator",
    scope: "operator.write",
    since: 3,
    status: "served",
    idempotent: "kept",
    params: lazy(() =>
      z.object({
        message: longText().min(1),
        idempotencyKey: idempotencyKey(),
        agentId: shortText().optional(),
        sessionId: shortText().optional(),
        sessionKey: sessionKey().optional(),
        expectedExistingSessionId: shortText().optional().meta({ description: "Since revision 4." }),
        provider: shortText().optional().meta({ description: "Since revision 4." }),
        model: shortText().optional().meta({ description: "Since revision 4." }),
        thinking: shortText().optional(),
        deliver: z.boolean().optional().meta({ description: "Send the reply to the session's channel as well." }),
        bestEffortDeliver: z.boolean().optional().meta({ description: "Since revision 4." }),
        attachments: attachments().optional(),
        to: shortText().optional(),
        replyTo: shortText().optional(),
        channel: shortText().optional(),
        replyChannel: shortText().optional(),
        accountId: shortText().optional(),
        replyAccountId: shortText().optional(),
        threadId: shortText().optional(),
        groupId: shortText().optional(),
        groupChannel: shortText().optional(),
        groupSpace: shortText().optional(),
        timeout: z.int().min(0).optional().meta({ description: "In seconds." }),
        lane: shortText().optional(),
        cwd: z.string().max(4_096).optional().meta({ description: "Since revision 4." }),
        promptMode: z.enum(["full", "minimal", "none"]).optional().meta({ description: "Since revision 4." }),
        extraSystemPrompt: longText().optional(),
        label: sessionLabel().optional(),
        spawnedBy: sessionKey().optional(),
      }),
    ),
    result: runResult,
    notes:
      "Two responses with the same id: `accepted` at once, then `ok` or `error` when the run is over. The key is the run's id. A repeat of the request gets one answer: the first while the run goes on, the last afterwards. Followed by the events `agent` and `chat`.",
  }),
  "agent.wait": method({
    summary: "Waits for a run to end.",
    role: "operator",
    scope: "operator.write",
    since: 3,
    status: "served",
    params: lazy(() =>
      z.object({
        runId: shortText(),
        timeoutMs: z
          .int()
          .min(0)
          .optional()
          .meta({ description: `Default ${LIMITS.agentWaitTimeoutMs}.` }),
      }),
    ),
    result: lazy(() =>
      z.object({
        runId: z.string().min(1),
        status: z.enum(["ok", "error", "timeout"]),
        startedAt: timestampMs().optional(),
        endedAt: timestampMs().optional(),
        error: z.string().optional(),
      }),
    ),
    notes: "A timeout ends the waiting, not the run. A finished run is remembered for ten minutes.",
  }),
  "agent.identity.get": method({
    summary: "Name and picture of an agent.",
    role: "operator",
    scope: "operator.read",
    since: 3,
    status: "served",
    params: lazy(() => z.object({ agentId: shortText().optional(), sessionKey: sessionKey().optional() })),
    result: lazy(() =>
      z.object({
        agentId: z.string().min(1),
        name: z.string().optional(),
        avatar: z.string().optional(),
        emoji: z.string().optional(),
      }),
    ),
  }),
  "agents.list": method({
    summary: "The agents of this gateway, and which one is the default.",
    role: "operator",
    scope: "operator.read",
    since: 3,
    status: "served",
    params: noParams,
    result: lazy(() =>
      z.object({
        defaultId: z.string().min(1),
        mainKey: z.string().min(1),
        scope: z.enum(["per-sender", "global"]),
        agents: z.array(agentSummarySchema()),
      }),
    ),
  }),
  "models.list": method({
    summary: "The models that agents may think with.",
    role: "operator",
    scope: "operator.read",
    since: 3,
    status: "served",
    params: lazy(() => z.object({ agentId: shortText().optional().meta({ description: "Since revision 4." }) })),
    result: lazy(() => z.object({ models: z.array(modelChoiceSchema()) })),
  }),
} as const;
