import type { ExecApprovalsFile } from "@saltgate/exec-policy";
import { type ClientClock, systemClock } from "../clock.ts";
import type { NodeCommand } from "../node-command.ts";
import { execApprovalsGet, execApprovalsSet } from "./exec-approvals-commands.ts";
import { systemNotify } from "./system-notify.ts";
import { RUN_LIMITS, type RunLimits, systemRun, systemRunPrepare } from "./system-run.ts";
import { systemWhich } from "./system-which.ts";

/** What the commands of a computer need. */
export interface SystemCommandsOptions {
  /** What may run here. */
  readonly approvals: ExecApprovalsFile;
  /** The environment of this program; commands get it without what injects code and without secrets. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homedir: string;
  /** Where commands run that name no folder. @default the home folder */
  readonly defaultCwd?: string | undefined;
  /** Names of variables that callers may change, beside the usual ones. */
  readonly envAllow?: readonly string[] | undefined;
  /** Names of the programs of skills, for owners who let those run. @default none */
  readonly skillBins?: (() => Promise<readonly string[]>) | undefined;
  /** What this machine's system lets the node do, such as `screenRecording`. @default nothing */
  readonly permissions?: Readonly<Record<string, boolean>> | undefined;
  readonly limits?: Partial<RunLimits> | undefined;
  /** @default the running system's */
  readonly platform?: NodeJS.Platform | undefined;
  /** @default the machine's own */
  readonly clock?: ClientClock | undefined;
}

/** The commands that every computer has: `system.run` and what belongs to it. */
export function systemCommands(options: SystemCommandsOptions): readonly NodeCommand[] {
  const { approvals, env, homedir, platform = process.platform, clock = systemClock } = options;
  const desk = {
    approvals,
    view: {
      env,
      homedir,
      platform,
      defaultCwd: options.defaultCwd ?? homedir,
      ...(options.envAllow !== undefined && { envAllow: options.envAllow }),
    },
    skillBins: options.skillBins ?? (async () => []),
  };
  const limits = { ...RUN_LIMITS, ...options.limits };
  return [
    systemRun({ ...desk, permissions: options.permissions ?? {}, limits, clock }),
    systemRunPrepare(desk),
    systemWhich(desk.view),
    systemNotify(desk.view),
    execApprovalsGet(approvals),
    execApprovalsSet(approvals),
  ] as readonly NodeCommand[];
}
