import * as z from "zod";
import { approvalDecision, approvalsFileSchema, baseHash, execPolicyView } from "./approvals.ts";
import { lazy } from "./lazy.ts";
import { LIMITS } from "./limits.ts";
import { idempotencyKey, sessionKey, shortText } from "./text.ts";

const path = () => z.string().max(4_096);
const digest = () => z.string().regex(/^[0-9a-f]{64}$/, "must be a SHA-256 in hex");

/** Commands of nodes that this protocol gives a meaning, by what they are for. A node may have others. */
export const NODE_COMMANDS = {
  canvas: [
    "canvas.present",
    "canvas.hide",
    "canvas.navigate",
    "canvas.eval",
    "canvas.snapshot",
    "canvas.a2ui.push",
    "canvas.a2ui.pushJSONL",
    "canvas.a2ui.reset",
  ],
  camera: ["camera.list", "camera.snap", "camera.clip"],
  screen: ["screen.record"],
  location: ["location.get"],
  sms: ["sms.send"],
  system: [
    "system.run",
    "system.run.prepare",
    "system.which",
    "system.notify",
    "system.execApprovals.get",
    "system.execApprovals.set",
    "browser.proxy",
  ],
} as const;

/**
 * What exactly a node is about to run. An approval is bound to all of it (rule R-34): the node makes the plan afresh
 * when it runs, and refuses if anything differs from what was approved.
 */
export const systemRunPlanSchema = lazy(() =>
  z
    .object({
      argv: z.array(z.string()).min(1).max(LIMITS.maxListEntries).meta({ description: "The exact arguments." }),
      commandText: z.string().min(1).meta({ description: "What the owner is shown; made from `argv`." }),
      cwd: path().min(1).meta({ description: "The real path of the working folder, without symbolic links." }),
      executable: path().nullable().meta({ description: "The real path of the program; null when there is none." }),
      envNames: z.array(shortText()).max(LIMITS.maxListEntries).meta({ description: "Names of changed variables." }),
      envDigest: digest().meta({ description: "Over the changed variables with their values." }),
      mutableFileOperand: z
        .object({ argvIndex: z.int().min(0), path: path().min(1), sha256: digest() })
        .nullable()
        .meta({ description: "The script that an interpreter is given, with what is in it." }),
      agentId: shortText().nullable(),
      sessionKey: sessionKey().nullable(),
    })
    .meta({ id: "SystemRunPlan" }),
);

/** Params of `system.run` and `system.run.prepare`. */
export const systemRunParamsSchema = lazy(() =>
  z.object({
    command: z.array(z.string()).min(1).max(LIMITS.maxListEntries).meta({
      description: "Program and arguments. A shell runs only when it is named here, and counts as a shell.",
    }),
    rawCommand: z.string().nullish().meta({ description: "The same as text; refused when it says something else." }),
    cwd: path().nullish(),
    env: z.record(z.string(), z.string()).nullish().meta({ description: "Few names are let through." }),
    timeoutMs: z.int().min(0).nullish(),
    needsScreenRecording: z.boolean().nullish(),
    agentId: shortText().nullish(),
    sessionKey: sessionKey().nullish(),
    runId: shortText().nullish().meta({ description: "The approval that allows this run." }),
    approved: z.boolean().nullish().meta({ description: "Set by the gateway alone (rule R-32)." }),
    approvalDecision: approvalDecision().nullish().meta({ description: "Set by the gateway alone (rule R-32)." }),
    systemRunPlan: systemRunPlanSchema()
      .nullish()
      .meta({ description: "The approved plan. Set by the gateway alone." }),
  }),
);

/** Result of `system.run`. */
export const systemRunResultSchema = lazy(() =>
  z.object({
    exitCode: z.int().nullable().optional().meta({ description: "Null when a signal ended it." }),
    signal: z.string().nullable().optional(),
    timedOut: z.boolean(),
    success: z.boolean(),
    stdout: z.string(),
    stderr: z.string(),
    truncated: z.boolean().optional().meta({ description: "Whether output is missing here, because it was too long." }),
    error: z.string().nullable(),
  }),
);

/** Result of `system.run.prepare`: what would run, and whether it may. Nothing was run. */
export const systemRunPreparedSchema = lazy(() =>
  z.object({
    plan: systemRunPlanSchema(),
    verdict: z.enum(["allowed", "ask", "denied"]),
    reason: z.string().min(1).meta({ description: "Why, for a person." }),
    policy: execPolicyView(),
  }),
);

/** Params and results of the other commands that every computer has. */
export const systemWhichParamsSchema = lazy(() => z.object({ bins: z.array(shortText()).max(LIMITS.maxListEntries) }));
export const systemNotifyParamsSchema = lazy(() =>
  z.object({
    title: z.string().max(1_024).optional(),
    body: z.string().max(8_192).optional(),
    sound: z.string().max(256).optional(),
    priority: z.enum(["passive", "active", "timeSensitive"]).optional(),
    delivery: z.enum(["system", "overlay", "auto"]).optional(),
  }),
);
export const execApprovalsSetParamsSchema = lazy(() => z.object({ file: approvalsFileSchema(), baseHash: baseHash() }));

/** What a node is asked, as the event `node.invoke.request` carries it. */
export const nodeInvokeRequestSchema = lazy(() =>
  z.object({
    id: z.string().min(1).meta({ description: "The answer carries it back." }),
    nodeId: z.string().min(1),
    command: z.string().min(1),
    paramsJSON: z.string().nullable().optional().meta({ description: "The params, as JSON text." }),
    timeoutMs: z.int().min(0).optional(),
    idempotencyKey: idempotencyKey().optional(),
    wantsProgress: z
      .boolean()
      .optional()
      .meta({ description: "Whether somebody reads output before the answer, by `node.invoke.progress`." }),
  }),
);

/** What a node is about to run. */
export type SystemRunPlan = z.output<ReturnType<typeof systemRunPlanSchema>>;
/** What a node is asked to run. */
export type SystemRunParams = z.output<ReturnType<typeof systemRunParamsSchema>>;
/** What came of running it. */
export type SystemRunResult = z.output<ReturnType<typeof systemRunResultSchema>>;
/** What would run, and whether it may. */
export type SystemRunPrepared = z.output<ReturnType<typeof systemRunPreparedSchema>>;
/** What a node is asked. */
export type NodeInvokeRequest = z.output<ReturnType<typeof nodeInvokeRequestSchema>>;
