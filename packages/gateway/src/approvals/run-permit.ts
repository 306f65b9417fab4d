import { envDigest } from "@saltgate/exec-policy";
import { systemRunParamsSchema } from "@saltgate/protocol";
import { RequestError } from "../dispatch/outcome.ts";
import type { ApprovalDesk } from "./approval-desk.ts";
import type { ApprovalCaller, ApprovalOutcome } from "./exec-approvals.ts";

/** What only the gateway may say to a node about approvals (rule R-32). */
const GATEWAY_FIELDS = ["approved", "approvalDecision", "systemRunPlan"] as const;

const REFUSALS = {
  waiting: ["APPROVAL_PENDING", "the approval isn't decided yet"],
  denied: ["APPROVAL_DENIED", "the owner said no"],
  expired: ["APPROVAL_EXPIRED", "approval expired: nobody answered in time"],
  lapsed: ["APPROVAL_EXPIRED", "approval expired: it was allowed, and not used in time"],
  used: ["APPROVAL_USED", "an approval holds for one run, and this one had its run"],
} as const;

/** Params without what a caller may not say. */
export function withoutGatewayFields(params: unknown): unknown {
  if (typeof params !== "object" || params === null || Array.isArray(params)) return params;
  const rest: Record<string, unknown> = { ...params };
  for (const field of GATEWAY_FIELDS) delete rest[field];
  return rest;
}

/** Whether the caller claims that somebody allowed this run. */
function claimsApproval(params: unknown): params is { runId: string } {
  if (typeof params !== "object" || params === null) return false;
  const { approved, approvalDecision, runId } = params as Record<string, unknown>;
  return typeof runId === "string" && runId !== "" && (approved === true || typeof approvalDecision === "string");
}

/** Where something is about to run. */
export interface PermittedTarget {
  readonly nodeId: string;
  /** The idempotency key of the run. */
  readonly key: string;
  /** Whether the node can tell that what runs is what was approved. */
  readonly isBindable: boolean;
  /** Whether the node runs nothing twice that has the same key. */
  readonly isRepeatable: boolean;
}

/**
 * The params of `system.run` as the node gets them. What the caller says about approvals is taken out. If he names one
 * (`runId`), it is used up, and the node is told what was allowed, so that it can compare that with what it finds.
 * @throws {RequestError} when the named approval isn't there, isn't decided, was denied, expired or used, or is for
 * something else: nothing is sent to the node then.
 */
export async function permittedRun(
  params: unknown,
  { nodeId, key, isBindable, isRepeatable }: PermittedTarget,
  caller: ApprovalCaller,
  desk: ApprovalDesk,
): Promise<unknown> {
  const plain = withoutGatewayFields(params);
  if (!claimsApproval(params)) return plain;
  const parsed = systemRunParamsSchema().safeParse(plain);
  if (!parsed.success) return plain; // the node says what is wrong with it; without an approval it runs nothing
  if (!isBindable) {
    throw new RequestError(
      "NODE_TOO_OLD",
      "this node can't tell whether what runs is what was approved (it has no system.run.prepare): update it",
    );
  }
  const run = parsed.data;
  const outcome = await desk.change({
    type: "use",
    id: params.runId,
    caller,
    key,
    isRepeatable,
    run: {
      nodeId,
      argv: run.command,
      cwd: run.cwd ?? null,
      envDigest: envDigest(run.env),
      agentId: run.agentId ?? null,
      sessionKey: run.sessionKey ?? null,
    },
  });
  if (outcome.type !== "usable") throw refusalOf(outcome);
  const { plan, decision } = outcome.approval;
  return { ...(plain as object), cwd: plan.cwd, approved: true, approvalDecision: decision, systemRunPlan: plan };
}

function refusalOf(outcome: ApprovalOutcome): RequestError {
  if (outcome.type === "not-usable") {
    const [code, why] = REFUSALS[outcome.reason];
    return new RequestError(code, `${why}. Nothing was run.`);
  }
  if (outcome.type === "mismatch") {
    return new RequestError(
      "APPROVAL_MISMATCH",
      `the approval is for something else (${outcome.field}). Nothing was run.`,
      {
        details: { field: outcome.field },
      },
    );
  }
  return new RequestError("APPROVAL_NOT_FOUND", "unknown approval id. Nothing was run.");
}
