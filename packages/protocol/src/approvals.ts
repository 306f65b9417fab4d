import * as z from "zod";
import { lazy } from "./lazy.ts";
import { shortText, timestampMs } from "./text.ts";

const maybe = () => z.string().nullable();
/** What an owner may answer. */
export const approvalDecision = () => z.enum(["allow-once", "allow-always", "deny"]);
/** What runs without asking: nothing, what the list names, everything. */
const execSecurity = () => z.enum(["deny", "allowlist", "full"]);
/** When somebody is asked. */
const execAsk = () => z.enum(["off", "on-miss", "always"]);

/** Which rules hold on a host for one agent, and where each comes from. */
export const execPolicyView = lazy(() =>
  z
    .object({
      security: execSecurity(),
      ask: execAsk(),
      autoAllowSkills: z.boolean(),
      sources: z
        .record(z.string(), z.string())
        .meta({ description: "By rule: the part of the approvals file that it comes from, or `built in`." }),
      problem: z.string().optional().meta({ description: "Why nothing may run, when the file can't be used." }),
    })
    .meta({ id: "ExecPolicyView" }),
);

/** What somebody wants to run. A missing value is null. */
export const approvalSubjectSchema = lazy(() =>
  z
    .object({
      command: z.string().min(1).meta({ description: "As it is shown to the owner; made from the exact arguments." }),
      commandArgv: z.array(z.string()).optional(),
      cwd: maybe(),
      host: maybe(),
      nodeId: maybe().optional(),
      security: maybe(),
      ask: maybe(),
      warningText: maybe().optional(),
      agentId: maybe(),
      resolvedPath: maybe(),
      sessionKey: maybe(),
      envNames: z.array(z.string()).optional().meta({ description: "Variables that it changes." }),
      scriptPath: maybe()
        .optional()
        .meta({ description: "The script that it runs; its content is part of the approval." }),
    })
    .meta({ id: "ApprovalSubject" }),
);

/** An approval that waits for its decision. */
export const pendingApprovalSchema = lazy(() =>
  z
    .object({
      id: z.string().min(1),
      request: approvalSubjectSchema(),
      createdAtMs: timestampMs(),
      expiresAtMs: timestampMs(),
    })
    .meta({ id: "PendingApproval" }),
);

/** How an approval ended. */
export const approvalOutcomeSchema = lazy(() =>
  z
    .object({
      id: z.string().min(1),
      decision: approvalDecision().nullable().meta({ description: "Null when nobody answered in time: not allowed." }),
      createdAtMs: timestampMs(),
      expiresAtMs: timestampMs(),
    })
    .meta({ id: "ApprovalOutcome" }),
);

/** A standing permission that an earlier approval left behind. Since revision 4. */
export const approvalGrantSchema = lazy(() =>
  z
    .object({
      grantId: z.string().min(1),
      mintedByApprovalId: z.string().min(1),
      agentId: z.string().min(1),
      cronJobId: z.string().min(1),
      cronJobName: maybe(),
      command: z.string().min(1),
      cwd: maybe(),
      createdAtMs: timestampMs(),
      expiresAtMs: timestampMs().nullable(),
      revokedAtMs: timestampMs().nullable(),
      revokedBy: maybe(),
      lastUsedAtMs: timestampMs().nullable(),
      useCount: z.int().min(0),
    })
    .meta({ id: "ApprovalGrant" }),
);

const policyShape = () => ({
  security: execSecurity().optional(),
  ask: execAsk().optional(),
  askFallback: execSecurity().optional().meta({ description: "What holds when nobody can be asked." }),
  autoAllowSkills: z.boolean().optional(),
});

/** The approvals file of a host that runs commands. */
export const approvalsFileSchema = lazy(() =>
  z
    .object({
      version: z.literal(1),
      socket: z
        .object({
          path: z.string().optional(),
          token: z.string().optional().meta({ description: "Never shown; a missing one keeps the old." }),
        })
        .optional(),
      defaults: z.object(policyShape()).optional(),
      agents: z
        .record(
          z.string(),
          z.object({
            ...policyShape(),
            allowlist: z
              .array(
                z.object({
                  id: z.string().optional(),
                  pattern: z.string().min(1),
                  lastUsedAt: z.number().min(0).optional(),
                  lastUsedCommand: z.string().optional(),
                  lastResolvedPath: z.string().optional(),
                }),
              )
              .optional(),
          }),
        )
        .optional()
        .meta({ description: "By agent id; `*` stands for every agent." }),
    })
    .meta({ id: "ApprovalsFile" }),
);

/** The approvals file with where it lies and what it hashes to. */
export const approvalsSnapshotSchema = lazy(() =>
  z
    .object({
      path: z.string(),
      exists: z.boolean(),
      hash: z.string().meta({ description: "SHA-256 of the raw text, hex. Pass it back as `baseHash`." }),
      file: approvalsFileSchema(),
      policy: execPolicyView().optional().meta({ description: "What holds where no agent is named." }),
    })
    .meta({ id: "ApprovalsSnapshot" }),
);

/** The hash of the file that a change was made from. */
export const baseHash = () =>
  shortText()
    .optional()
    .meta({ description: "The hash that was read. Required when the file exists; a stale one is refused." });

/** An approval that waits for its decision. */
export type PendingApproval = z.output<ReturnType<typeof pendingApprovalSchema>>;
/** How an approval may be decided. */
export type ApprovalDecision = z.output<ReturnType<typeof approvalDecision>>;
/** What somebody wants to run, as the owner is shown it. */
export type ApprovalSubject = z.output<ReturnType<typeof approvalSubjectSchema>>;
/** The approvals file with where it lies and what it hashes to. */
export type ApprovalsSnapshot = z.output<ReturnType<typeof approvalsSnapshotSchema>>;
/** Which rules hold on a host for one agent. */
export type ExecPolicyView = z.output<ReturnType<typeof execPolicyView>>;
/** The approvals file of a host that runs commands. */
export type ApprovalsFile = z.output<ReturnType<typeof approvalsFileSchema>>;
