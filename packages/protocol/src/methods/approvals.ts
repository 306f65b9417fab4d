import * as z from "zod";
import {
  approvalDecision,
  approvalGrantSchema,
  approvalOutcomeSchema,
  approvalSubjectSchema,
  approvalsFileSchema,
  approvalsSnapshotSchema,
  baseHash,
  pendingApprovalSchema,
} from "../approvals.ts";
import { method } from "../define.ts";
import { lazy } from "../lazy.ts";
import { LIMITS } from "../limits.ts";
import { systemRunPlanSchema } from "../node-commands.ts";
import { longText, noParams, okResult, sessionKey, shortText, timestampMs } from "../text.ts";

const word = () => shortText().nullable().optional();
const id = () => shortText();

/** Permission to run one command, asked of the owner. */
export const approvalMethods = {
  "exec.approval.request": method({
    summary: "Asks the owner whether a command may run, and waits for the answer.",
    role: "operator",
    scope: "operator.approvals",
    since: 3,
    status: "served",
    privileged: true,
    params: lazy(() =>
      z
        .object({
          id: id().optional(),
          command: longText().min(1).optional().meta({ description: "Required in revision 3." }),
          commandArgv: z
            .array(z.string())
            .max(LIMITS.maxListEntries)
            .optional()
            .meta({ description: "The exact arguments. Since revision 4." }),
          cwd: z.string().max(4_096).nullable().optional(),
          env: z.record(z.string(), z.string()).optional().meta({ description: "Since revision 4." }),
          nodeId: word().meta({ description: "The node that shall run it. Since revision 4." }),
          systemRunPlan: systemRunPlanSchema()
            .nullish()
            .meta({ description: "What `system.run.prepare` of that node answered; the approval is bound to it." }),
          host: word(),
          security: word(),
          ask: word(),
          warningText: z.string().max(4_096).nullable().optional().meta({ description: "Since revision 4." }),
          agentId: word(),
          resolvedPath: z.string().max(4_096).nullable().optional(),
          sessionKey: sessionKey().nullable().optional(),
          runId: word().meta({ description: "Since revision 4." }),
          toolCallId: word().meta({ description: "Since revision 4." }),
          timeoutMs: z
            .int()
            .min(1)
            .optional()
            .meta({ description: `Default ${LIMITS.approvalTimeoutMs}.` }),
          twoPhase: z
            .boolean()
            .optional()
            .meta({ description: "Answer at once; `exec.approval.waitDecision` has the outcome. Since revision 4." }),
        })
        .refine(
          (params) => params.command !== undefined || params.commandArgv !== undefined || params.systemRunPlan != null,
          "command is required",
        ),
    ),
    result: lazy(() =>
      z.object({
        id: z.string().min(1),
        status: z.literal("accepted").optional().meta({ description: "Only the first answer of two." }),
        decision: approvalDecision().nullable().optional(),
        createdAtMs: timestampMs(),
        expiresAtMs: timestampMs(),
        approvers: z
          .int()
          .min(0)
          .optional()
          .meta({ description: "How many connections were shown the question. Only the first answer of two." }),
      }),
    ),
    notes:
      "For a node, `systemRunPlan` is required, and the text that the owner sees is made from it (rule R-34). Answered when somebody decided, or with a null decision when nobody did in time: give this request a longer timeout than the approval. An id that waits already is refused. Whoever asked can't answer (rule R-40). Followed by `exec.approval.requested`.",
  }),
  "exec.approval.resolve": method({
    summary: "Answers such a question. The first answer counts.",
    role: "operator",
    scope: "operator.approvals",
    since: 3,
    status: "served",
    concludes: true,
    privileged: true,
    params: lazy(() =>
      z.object({
        id: id(),
        decision: approvalDecision(),
        grantExpiresInDays: z.int().min(1).max(3_650).optional().meta({ description: "Since revision 4." }),
      }),
    ),
    result: okResult,
    notes: "Unknown, expired or decided already: `APPROVAL_NOT_FOUND`. Followed by `exec.approval.resolved`.",
  }),
  "exec.approval.get": method({
    summary: "One approval that waits.",
    role: "operator",
    scope: "operator.approvals",
    since: 4,
    status: "served",
    params: lazy(() => z.object({ id: id() })),
    result: lazy(() =>
      z.object({
        id: z.string().min(1),
        request: approvalSubjectSchema(),
        createdAtMs: timestampMs(),
        expiresAtMs: timestampMs(),
        allowedDecisions: z.array(approvalDecision()).optional(),
      }),
    ),
  }),
  "exec.approval.list": method({
    summary: "The approvals that wait.",
    role: "operator",
    scope: "operator.approvals",
    since: 4,
    status: "served",
    params: noParams,
    result: lazy(() => z.array(pendingApprovalSchema())),
    notes: "The result is the array itself.",
  }),
  "exec.approval.waitDecision": method({
    summary: "Waits for the outcome of an approval that was asked for in two phases.",
    role: "operator",
    scope: "operator.approvals",
    since: 4,
    status: "served",
    params: lazy(() => z.object({ id: id() })),
    result: approvalOutcomeSchema,
  }),
  "exec.approval.grants.list": method({
    summary: "The standing permissions that earlier approvals left behind.",
    role: "operator",
    scope: "operator.approvals",
    since: 4,
    status: "planned",
    params: lazy(() => z.object({ limit: z.int().min(1).max(500).optional() })),
    result: lazy(() => z.object({ grants: z.array(approvalGrantSchema()) })),
  }),
  "exec.approval.grants.revoke": method({
    summary: "Ends a standing permission.",
    role: "operator",
    scope: "operator.approvals",
    since: 4,
    status: "planned",
    privileged: true,
    params: lazy(() => z.object({ grantId: shortText() })),
    result: lazy(() => z.object({ outcome: z.enum(["revoked", "already-revoked", "not-found"]) })),
  }),
  "exec.approvals.get": method({
    summary: "The gateway host's own approvals file.",
    role: "operator",
    scope: "operator.admin",
    since: 3,
    status: "served",
    params: noParams,
    result: approvalsSnapshotSchema,
  }),
  "exec.approvals.set": method({
    summary: "Replaces the gateway host's approvals file.",
    role: "operator",
    scope: "operator.admin",
    since: 3,
    status: "served",
    privileged: true,
    params: lazy(() => z.object({ file: approvalsFileSchema(), baseHash: baseHash() })),
    result: approvalsSnapshotSchema,
  }),
  "exec.approvals.node.get": method({
    summary: "A node's approvals file, as the node tells it.",
    role: "operator",
    scope: "operator.admin",
    since: 3,
    status: "served",
    params: lazy(() => z.object({ nodeId: shortText() })),
    result: approvalsSnapshotSchema,
  }),
  "exec.approvals.node.set": method({
    summary: "Replaces a node's approvals file.",
    role: "operator",
    scope: "operator.admin",
    since: 3,
    status: "served",
    privileged: true,
    params: lazy(() => z.object({ nodeId: shortText(), file: approvalsFileSchema(), baseHash: baseHash() })),
    result: approvalsSnapshotSchema,
  }),
} as const;
