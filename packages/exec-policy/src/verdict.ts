import type { SystemRunPlan } from "@saltgate/protocol";
import type { ExecPolicy } from "./exec-policy.ts";
import { compilePattern } from "./path-pattern.ts";
import { problemOfPattern } from "./pattern-check.ts";
import { baseName } from "./program-kinds.ts";
import type { RunDetails } from "./run-plan.ts";
import { DEFAULT_SAFE_BINS, isHarmlessUse } from "./safe-bins.ts";

/** What a host answers to a run that may not be, for the error that its caller gets. */
export const RUN_REFUSALS = {
  disabled: "SYSTEM_RUN_DISABLED: security=deny",
  approvalRequired: "SYSTEM_RUN_DENIED: approval required",
  allowlistMiss: "SYSTEM_RUN_DENIED: allowlist miss",
} as const;

/** What a verdict depends on beside the plan and the rules. */
export interface JudgeFacts {
  readonly homedir: string;
  readonly platform: NodeJS.Platform;
  /** Programs that run without an entry, of those that this package knows. @default {@link DEFAULT_SAFE_BINS} */
  readonly safeBins?: readonly string[];
  /** Names of the programs of skills, as the gateway lists them. @default none */
  readonly skillBins?: readonly string[];
}

export type Verdict =
  | {
      readonly verdict: "allowed";
      /** Why, for a person. */
      readonly reason: string;
      /** The entry that allowed it, where one did; empty for one without an id. */
      readonly entryId?: string;
      /** What to start, by real path; null when there is no such program. */
      readonly executable: string | null;
      /** What to start it with. `argv[0]` is the name that it is called by. Never goes through a shell. */
      readonly argv: readonly string[];
    }
  | { readonly verdict: "ask"; readonly reason: string; readonly canAllowAlways: boolean }
  | {
      readonly verdict: "denied";
      /** For programs: the reason of the event `exec.denied`. */
      readonly code: "security=deny" | "allowlist-miss";
      /** For the caller: one of {@link RUN_REFUSALS}. */
      readonly message: string;
      /** For a person. */
      readonly reason: string;
    };

/**
 * Whether a planned run may go on, must be asked about, or may not be. Pure.
 * `deny`: nothing. `full`: everything, asked about only with ask `always`. `allowlist`: one program with literal arguments
 * that an entry, a safe program's shape or a skill stands for; else asked about, or refused with ask `off`.
 */
export function judgeRun(input: {
  readonly plan: SystemRunPlan;
  readonly run: RunDetails;
  readonly policy: ExecPolicy;
  readonly facts: JudgeFacts;
}): Verdict {
  const { facts, plan, policy, run } = input;
  if (policy.security === "deny") {
    const reason =
      policy.view.problem ?? `this host runs no commands (security=deny from ${policy.view.sources["security"]})`;
    return { verdict: "denied", code: "security=deny", message: RUN_REFUSALS.disabled, reason };
  }
  const match = policy.security === "full" ? fullMatch(run) : matchOf(run, policy, facts);
  // Nothing would be remembered for: under `always` the next run is asked about all the same.
  const canAllowAlways = policy.ask !== "always" && alwaysPattern(plan, run) !== undefined;
  if (policy.ask === "always") return { verdict: "ask", reason: "this host asks about every command", canAllowAlways };
  if (match.isMatch) {
    const { argv, entryId, executable, reason } = match;
    return { verdict: "allowed", reason, executable, argv, ...(entryId === undefined ? {} : { entryId }) };
  }
  if (policy.ask === "on-miss") return { verdict: "ask", reason: match.reason, canAllowAlways };
  return { verdict: "denied", code: "allowlist-miss", message: RUN_REFUSALS.allowlistMiss, reason: match.reason };
}

type Match =
  | {
      readonly isMatch: true;
      readonly reason: string;
      readonly entryId?: string;
      readonly executable: string | null;
      readonly argv: readonly string[];
    }
  | { readonly isMatch: false; readonly reason: string };

const fullMatch = ({ argv, executable }: RunDetails): Match => ({
  isMatch: true,
  reason: "this host runs every command (security=full)",
  argv,
  executable,
});

const miss = (reason: string): Match => ({ isMatch: false, reason });

function matchOf({ program, unboundScript }: RunDetails, policy: ExecPolicy, facts: JudgeFacts): Match {
  if (!program.isOne) return miss(program.reason);
  if (unboundScript !== undefined) return miss(unboundScript);
  const { argv, executable, interpreter, isSystem, subject } = program;
  const entry = entryFor(subject, policy, facts);
  if (entry !== undefined) {
    if (interpreter !== undefined && entryFor(interpreter, policy, facts) === undefined) {
      return miss(`the script is on the list, but what would run it isn't: ${interpreter}`);
    }
    return { isMatch: true, reason: `on the list: ${entry.pattern}`, entryId: entry.id, argv, executable };
  }
  // A program is known by its name only where nobody but root could have put it there under that name.
  const name = baseName(subject);
  const isNamedSo = isSystem && baseName(program.name) === name;
  if (isNamedSo && (facts.safeBins ?? DEFAULT_SAFE_BINS).includes(name) && isHarmlessUse(name, program.args)) {
    return { isMatch: true, reason: `${name} with harmless arguments`, argv, executable };
  }
  if (isNamedSo && policy.autoAllowSkills && (facts.skillBins ?? []).includes(name)) {
    return { isMatch: true, reason: `${name} belongs to a skill`, argv, executable };
  }
  return miss(`not on the list: ${subject}`);
}

const entryFor = (realPath: string, policy: ExecPolicy, facts: JudgeFacts) =>
  policy.allowlist.find(({ pattern }) => compilePattern(pattern, facts)?.(realPath) === true);

/**
 * What "allow always" puts on the list: the real path of the one program, or of the script that an interpreter of the
 * system runs. `undefined` when no path could stand for what was asked: shells with text that isn't literal, code in
 * arguments, programs that run others, a path that isn't unambiguous as a pattern.
 */
export function alwaysPattern(plan: SystemRunPlan, run: RunDetails): string | undefined {
  const { program } = run;
  if (!program.isOne || run.unboundScript !== undefined || program.interpreter !== undefined) return undefined;
  // A plan that isn't this run's stands for nothing.
  if (plan.executable !== run.executable || plan.cwd !== run.cwd) return undefined;
  const { subject } = program;
  return problemOfPattern(subject) === undefined && !/[*?]/.test(subject) ? subject : undefined;
}
