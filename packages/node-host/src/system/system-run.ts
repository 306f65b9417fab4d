import { type ProcessEnding, runProcess } from "@saltgate/exec-policy";
import {
  type SystemRunParams,
  type SystemRunPrepared,
  type SystemRunResult,
  systemRunParamsSchema,
} from "@saltgate/protocol";
import type { ClientClock } from "../clock.ts";
import { defineCommand, type InvocationContext, type NodeCommand } from "../node-command.ts";
import { NodeCommandError } from "../node-command-error.ts";
import { ExecEvents } from "./exec-events.ts";
import { OutputCap } from "./output-cap.ts";
import { type PlannedRun, planAndJudge, type RunDesk } from "./planned-run.ts";
import { permitRun } from "./run-permission.ts";

/** Bounds of a run. */
export interface RunLimits {
  /** Characters of both streams together that the answer carries. @default 200_000 */
  readonly maxOutputChars: number;
  /** Between being asked to end and being killed, in milliseconds. @default 2_000 */
  readonly killGraceMs: number;
}

export const RUN_LIMITS: RunLimits = { maxOutputChars: 200_000, killGraceMs: 2_000 };

const NOT_PART_OF_IT: Partial<Record<keyof SystemRunParams, undefined>> = {
  approved: undefined,
  approvalDecision: undefined,
  systemRunPlan: undefined,
  runId: undefined,
};

/** What `system.run` needs. */
export interface SystemRunOptions extends RunDesk {
  /** What this machine's system lets the node do. */
  readonly permissions: Readonly<Record<string, boolean>>;
  readonly limits: RunLimits;
  readonly clock: ClientClock;
}

/** `system.run.prepare`: what would run, and whether it may. Runs nothing. */
export function systemRunPrepare(desk: RunDesk): NodeCommand<SystemRunParams> {
  return defineCommand({
    name: "system.run.prepare",
    cap: "system",
    describe: "Says what would run, and whether it may.",
    effect: "none",
    params: systemRunParamsSchema,
    async run(params): Promise<SystemRunPrepared> {
      const { plan, policy, verdict } = await planAndJudge(params, desk);
      return { plan, verdict: verdict.verdict, reason: verdict.reason, policy: policy.view };
    },
  });
}

/** `system.run`: runs a program, if the rules of this node allow it or its owner has allowed exactly this. */
export function systemRun(options: SystemRunOptions): NodeCommand<SystemRunParams> {
  return defineCommand({
    name: "system.run",
    cap: "system",
    describe: "Runs a program.",
    effect: "declared",
    params: systemRunParamsSchema,
    // What the gateway adds says who allowed it, not what it is.
    identityOf: (params) => ({ ...params, ...NOT_PART_OF_IT }),
    async run(params, context): Promise<SystemRunResult> {
      const planned = await planAndJudge(params, options);
      const events = new ExecEvents(context, params, planned.plan);
      const deny = (message: string, reason: string): NodeCommandError => {
        events.denied(reason);
        return new NodeCommandError("UNAVAILABLE", message);
      };
      const permission = permitRun(planned, params);
      if (!permission.ok) throw deny(permission.message, permission.reason);
      if (params.needsScreenRecording === true && options.permissions["screenRecording"] !== true)
        throw deny("PERMISSION_MISSING: screenRecording", "permission:screenRecording");
      if (permission.executable === null)
        throw new NodeCommandError("UNAVAILABLE", "SYSTEM_RUN_FAILED: this node has no such program; nothing was run");
      await context.begin();
      await remember(permission, planned, options, context);
      events.started();
      const result = await runIt(
        { ...permission, executable: permission.executable },
        planned,
        params,
        options,
        context,
      );
      events.finished(result);
      return result;
    },
  });
}

/** Notes which entry was used, or what was allowed for good. Neither may keep an allowed run from running. */
async function remember(
  permission: Extract<ReturnType<typeof permitRun>, { ok: true }>,
  { plan }: PlannedRun,
  { approvals }: RunDesk,
  { log }: InvocationContext,
): Promise<void> {
  const { entryId, toAllow } = permission;
  try {
    if (toAllow !== undefined) await approvals.allow(toAllow);
    if (entryId !== undefined)
      await approvals.noteUse({
        agentId: plan.agentId,
        entryId,
        command: plan.commandText,
        resolvedPath: plan.executable ?? "",
      });
  } catch (error) {
    log("warn", "the approvals file could not be brought up to date", { reason: (error as Error).message });
  }
}

async function runIt(
  what: { readonly executable: string; readonly argv: readonly string[] },
  { run }: PlannedRun,
  params: SystemRunParams,
  { limits, clock }: SystemRunOptions,
  context: InvocationContext,
): Promise<SystemRunResult> {
  const { signal, wantsProgress } = context;
  let ending: ProcessEnding;
  try {
    ending = await runProcess({
      ...what,
      cwd: run.cwd,
      env: run.env,
      timeoutMs: params.timeoutMs ? params.timeoutMs : undefined,
      killGraceMs: limits.killGraceMs,
      output: new OutputCap(limits.maxOutputChars),
      signal,
      clock,
      onOutput: wantsProgress ? (text, stream) => context.progress(text, stream) : undefined,
    });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "it could not be started";
    throw new NodeCommandError("UNAVAILABLE", `SYSTEM_RUN_FAILED: the program could not be started (${code})`, {
      cause: error,
    });
  }
  const { exitCode, stdout, stderr, truncated } = ending;
  const stopped = signal.aborted ? (signal.reason as NodeCommandError) : undefined;
  const timedOut = ending.timedOut || stopped?.code === "TIMEOUT";
  return {
    exitCode,
    signal: ending.signal,
    timedOut,
    success: exitCode === 0 && !timedOut && stopped === undefined,
    stdout,
    stderr,
    truncated,
    error: timedOut ? "timed out" : (stopped?.message ?? null),
  };
}
