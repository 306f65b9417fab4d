import { resolve } from "node:path";
import {
  alwaysPattern,
  combinePolicies,
  differenceOf,
  type ExecApprovalsFile,
  type ExecAsk,
  type ExecPolicy,
  type ExecSecurity,
  type HostView,
  judgeRun,
  type PlanOutcome,
  type ProcessClock,
  planRun,
  runProcess,
  type Verdict,
} from "@saltgate/exec-policy";
import type { ApprovalDecision, SystemRunPlan } from "@saltgate/protocol";
import type { ToolContext } from "../tool.ts";
import type { ExecEnding, ExecPort, ExecRequest } from "./exec-tool.ts";
import { KeptOutput } from "./kept-output.ts";

/** A question to the owner. What is shown is `plan.commandText`, which is made of exactly what would run. */
export interface ExecQuestion {
  readonly plan: SystemRunPlan;
  /** Why it is asked, for a person. */
  readonly reason: string;
  readonly canAllowAlways: boolean;
  readonly policy: ExecPolicy["view"];
}

/** What narrows the host's rules. */
export interface ExecLimits {
  readonly security?: ExecSecurity | undefined;
  readonly ask?: ExecAsk | undefined;
}

/** The same as a session sets it. */
export interface SessionExecLimits extends ExecLimits {
  /** Where its commands are to run: anything but `gateway` and `auto` isn't here. */
  readonly host?: string | undefined;
}

/** What decides on the gateway's host what agents may run. */
export interface HostExecOptions {
  readonly approvals: Pick<ExecApprovalsFile, "allow" | "noteUse" | "policyFor">;
  /** The host; commands run in the agent's workspace unless they say otherwise. */
  readonly view: Omit<HostView, "defaultCwd">;
  /** `tools.exec` of the configuration: narrows what the approvals file says, and never widens it. */
  readonly limits?: () => ExecLimits;
  /** What a session, and those that started it, were set to: each narrows further. @default nothing */
  readonly sessionLimits?: (sessionKey: string) => Promise<readonly SessionExecLimits[]>;
  /** Asks the owner, and waits. `expired`: nobody answered in time, or nobody is there. Whoever asked must not answer. */
  readonly ask: (question: ExecQuestion, context: ToolContext) => Promise<ApprovalDecision | "expired">;
  /** Names of the programs of skills. @default none */
  readonly skillBins?: () => Promise<readonly string[]>;
  /** Characters of each stream that are kept. @default 200_000 */
  readonly maxOutputChars?: number;
  /** @default the machine's own */
  readonly clock?: ProcessClock;
}

type Planned = Extract<PlanOutcome, { ok: true }> & { readonly policy: ExecPolicy; readonly verdict: Verdict };
type Start = { readonly executable: string | null; readonly argv: readonly string[] };

const refused = (message: string): ExecEnding => ({ state: "refused", message });

/** Between being asked to end and being killed, in milliseconds. */
const killGraceMs = 2_000;

const machineClock: ProcessClock = {
  now: Date.now,
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};

/**
 * Runs commands of agents on this host by the same rules as a node does: planned, judged by the host's approvals file,
 * asked about where that says so, planned again after the answer, and started as it was judged, without a shell that
 * nobody named (rules ).
 */
export function createHostExec(options: HostExecOptions): ExecPort {
  return {
    async run(request, context) {
      const planned = await plan(request, context, options);
      if ("state" in planned) return planned;
      const { verdict } = planned;
      switch (verdict.verdict) {
        case "denied":
          return refused(`${verdict.message}: ${verdict.reason}.`);
        case "allowed": {
          const { entryId } = verdict;
          if (entryId !== undefined) await noteUse(planned, entryId, options);
          return await start(verdict, planned, request, context, options);
        }
        case "ask":
          return await askAndStart(verdict, planned, request, context, options);
      }
    },
  };
}

async function plan(
  request: ExecRequest,
  context: ToolContext,
  options: HostExecOptions,
): Promise<Planned | ExecEnding> {
  const { agentId, argv, cwd, env, sessionKey } = request;
  const folder = cwd === undefined || cwd.startsWith("~") ? cwd : resolve(context.workspace, cwd);
  const outcome = await planRun(
    { command: [...argv], env: { ...env }, agentId, sessionKey, ...(folder !== undefined && { cwd: folder }) },
    { ...options.view, defaultCwd: context.workspace },
  );
  if (!outcome.ok) return refused(`${outcome.message}.`);
  const ofSession = (await options.sessionLimits?.(sessionKey)) ?? [];
  const elsewhere = ofSession.find(({ host = "auto" }) => host !== "auto" && host !== "gateway")?.host;
  if (elsewhere !== undefined)
    return refused(`This conversation is set to run nothing on the gateway's host (execHost: ${elsewhere}).`);
  const policy = ofSession.reduce(
    (soFar, limits) => narrowed(soFar, limits, "session"),
    narrowed(await options.approvals.policyFor(agentId), options.limits?.() ?? {}, "tools.exec"),
  );
  const { homedir, platform } = options.view;
  const skillBins = policy.security === "allowlist" && policy.autoAllowSkills ? await options.skillBins?.() : undefined;
  const facts = { homedir, platform, ...(skillBins !== undefined && { skillBins }) };
  const verdict = judgeRun({ plan: outcome.plan, run: outcome.run, policy, facts });
  return { ...outcome, policy, verdict };
}

function narrowed(policy: ExecPolicy, { ask, security }: ExecLimits, from: "tools.exec" | "session"): ExecPolicy {
  const { autoAllowSkills } = policy;
  const rules = { security: security ?? policy.security, ask: ask ?? policy.ask, autoAllowSkills };
  const sources = { security: `${from}.security`, ask: `${from}.ask` };
  return combinePolicies(policy, { ...rules, allowlist: [], view: { ...rules, sources } });
}

async function askAndStart(
  { canAllowAlways, reason }: Extract<Verdict, { verdict: "ask" }>,
  asked: Planned,
  request: ExecRequest,
  context: ToolContext,
  options: HostExecOptions,
): Promise<ExecEnding> {
  const decision = await options.ask({ plan: asked.plan, reason, canAllowAlways, policy: asked.policy.view }, context);
  if (decision === "expired") return refused("The owner was asked, and nobody answered in time.");
  if (decision === "deny") return refused("The owner was asked, and said no.");
  context.signal.throwIfAborted();
  // An answer holds for exactly what was shown: what changed since is not what was allowed (rule R-34).
  const now = await plan(request, context, options);
  if ("state" in now) return now;
  const field = differenceOf(asked.plan, now.plan);
  if (field !== undefined) return refused(`What would run changed after the owner was asked (${field}). Ask again.`);
  if (now.verdict.verdict === "denied") return refused(`${now.verdict.message}: ${now.verdict.reason}.`);
  const pattern = decision === "allow-always" && canAllowAlways ? alwaysPattern(now.plan, now.run) : undefined;
  // What could not be remembered is asked about again; it doesn't keep an allowed run from running.
  if (pattern !== undefined) await options.approvals.allow({ agentId: request.agentId, pattern }).catch(() => {});
  return await start(now.run, now, request, context, options);
}

async function noteUse({ plan }: Planned, entryId: string, { approvals }: HostExecOptions): Promise<void> {
  const { agentId, commandText: command, executable } = plan;
  // A note, and nothing more: without it the command runs all the same.
  await approvals.noteUse({ agentId, entryId, command, resolvedPath: executable ?? "" }).catch(() => {});
}

async function start(
  { argv, executable }: Start,
  { run }: Planned,
  { timeoutMs }: ExecRequest,
  context: ToolContext,
  { clock = machineClock, maxOutputChars = 200_000 }: HostExecOptions,
): Promise<ExecEnding> {
  if (executable === null) return refused("There is no such program on this host.");
  try {
    const ended = await runProcess({
      executable,
      argv,
      cwd: run.cwd,
      env: run.env,
      timeoutMs,
      killGraceMs,
      output: new KeptOutput(maxOutputChars),
      signal: context.signal,
      clock,
      onOutput: async (text) => context.progress(text.slice(-4_000)),
    });
    context.signal.throwIfAborted();
    return { state: "ended", ...ended };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (typeof code !== "string") throw error;
    return refused(`The program could not be started (${code}).`);
  }
}
