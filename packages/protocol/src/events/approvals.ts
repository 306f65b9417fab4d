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
    status: "planned",
    audience: "operators",
    scope: "operator.approvals",
    droppable: false,
    payload: pendingApprovalSchema,
  }),
  "exec.approval.resolved": event({
    summary: "The owner answered such a question.",
    since: 3,
    status: "planned",
    audience: "operators",
    scope: "operator.approvals",
    droppable: false,
    payload: lazy(() =>
      z.object({
        id: z.string().min(1),
        decision: approvalDecision(),
        resolvedBy: z.string().optional(),
        ts: timestampMs(),
      }),
    ),
    notes: "Nothing is sent when the time runs out: `expiresAtMs` tells.",
  }),
} as const;
