import * as z from "zod";
import { chatMessageSchema, usageSchema } from "../chat.ts";
import { event } from "../define.ts";
import { heartbeatSchema } from "../heartbeat.ts";
import { lazy } from "../lazy.ts";
import { timestampMs } from "../text.ts";

/** What agents do and say. */
export const agentEvents = {
  agent: event({
    summary: "A step of a run: its life, its words, its tools.",
    since: 3,
    status: "served",
    audience: "operators",
    scope: "operator.read",
    droppable: false,
    payload: lazy(() =>
      z.object({
        runId: z.string().min(1),
        seq: z.int().min(0).optional().meta({
          description:
            "From 1, always rising, for each run. What a client isn't sent leaves gaps. Absent in a report of a gap.",
        }),
        stream: z.string().min(1).meta({ description: "lifecycle, assistant, tool, compaction, error." }),
        ts: timestampMs(),
        data: z.record(z.string(), z.unknown()),
        sessionKey: z.string().optional(),
        spawnedBy: z.string().optional().meta({ description: "Since revision 4." }),
        isHeartbeat: z.boolean().optional().meta({ description: "Since revision 4." }),
      }),
    ),
    notes:
      "A node that subscribed to the session gets a copy without `seq` of the frame. The `tool` stream is sent when the session is set to show it, and in revision 4 to clients with the capability `tool-events`.",
  }),
  chat: event({
    summary: "What an agent says in a session: so far, at the end, or why not.",
    since: 3,
    status: "served",
    audience: "operators",
    scope: "operator.read",
    droppable: false,
    payload: lazy(() =>
      z.object({
        runId: z.string().min(1),
        sessionKey: z.string().min(1),
        agentId: z.string().optional().meta({ description: "Since revision 4." }),
        spawnedBy: z.string().optional().meta({ description: "Since revision 4." }),
        seq: z.int().min(0).meta({ description: "Of the run." }),
        state: z.enum(["delta", "final", "aborted", "error", "status"]),
        message: chatMessageSchema()
          .optional()
          .meta({ description: "In a delta: everything said so far, not what is new." }),
        deltaText: z.string().optional().meta({ description: "What is new. Always in a delta of revision 4." }),
        replace: z
          .boolean()
          .optional()
          .meta({ description: "The new text stands for all that came before. Revision 4." }),
        phase: z.string().optional().meta({ description: "With `status`: how far the start is. Revision 4." }),
        errorMessage: z.string().optional(),
        errorKind: z
          .enum(["refusal", "timeout", "rate_limit", "context_length", "unknown"])
          .optional()
          .meta({ description: "Revision 4." }),
        stopReason: z.string().optional().meta({ description: "With `aborted`: rpc, stop or timeout." }),
        usage: usageSchema().optional(),
        yielded: z.literal(true).optional().meta({ description: "Revision 4." }),
      }),
    ),
    notes:
      "Deltas come at most every `chatDeltaIntervalMs` and may be dropped for a slow reader; the end may not. Each run ends with exactly one of `final`, `aborted`, `error`. A node that subscribed to the session gets a copy without `seq` of the frame.",
  }),
  heartbeat: event({
    summary: "What came of an agent's heartbeat.",
    since: 3,
    status: "planned",
    audience: "operators",
    scope: "operator.read",
    droppable: true,
    payload: heartbeatSchema,
  }),
} as const;
