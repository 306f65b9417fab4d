import * as z from "zod";
import { approvalDecision, pendingApprovalSchema } from "../approvals.ts";
import { event } from "../define.ts";
import { lazy } from "../lazy.ts";
import { timestampMs } from "../text.ts";

/** Questions for the owner. */
export const approvalEvents = {
  "exec.approval.requested": event({
    summary: "Somebody asks whether a command may run.",
    since: 3,
    status: "served",
    audience: "operators",
    scope: "operator.approvals",
    droppable: false,
    payload: pendingApprovalSchema,
  }),
  "exec.approval.resolved": event({
    summary: "Such a question is over: somebody answered, or nobody did in time.",
    since: 3,
    status: "served",
    audience: "operators",
    scope: "operator.approvals",
    droppable: false,
    payload: lazy(() =>
      z.object({
        id: z.string().min(1),
        decision: approvalDecision(),
        resolvedBy: z.string().optional(),
        reason: z.enum(["answered", "timeout"]).optional().meta({ description: "Why it is over." }),
        ts: timestampMs(),
      }),
    ),
    notes: "When the time runs out, the decision is `deny` and the reason `timeout`.",
  }),
} as const;
