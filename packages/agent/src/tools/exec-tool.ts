import { readCmdText, readShellText } from "@saltgate/exec-policy";
import { z } from "zod";
import type { Tool, ToolContext } from "../tool.ts";
import { boundedText, maxToolTextBytes } from "./bounded-text.ts";
import { defineTool, type ToolAnswer } from "./define-tool.ts";

/** What an agent wants to run. Nothing of it was judged yet. */
export interface ExecRequest {
  /** Program and arguments. A shell stands here by name where the text needs one, and is judged as a shell. */
  readonly argv: readonly string[];
  /** As the model wrote it. */
  readonly asked: string;
  /** As the model wrote it; relative ones are from the workspace. Absent: the workspace. */
  readonly cwd: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly agentId: string;
  readonly sessionKey: string;
  /** The same for the same call, also after a restart. */
  readonly idempotencyKey: string;
}

/** What became of it. */
export type ExecEnding =
  | {
      readonly state: "ended";
      /** Null when a signal ended it. */
      readonly exitCode: number | null;
      readonly signal: string | null;
      readonly timedOut: boolean;
      readonly stdout: string;
      readonly stderr: string;
      /** Whether output is missing. */
      readonly truncated: boolean;
      readonly durationMs?: number;
    }
  /** It was not run: the host's rules, the owner, or nobody who answered in time. `message` is for the model. */
  | { readonly state: "refused"; readonly message: string };

/**
 * Where commands of agents run. Whoever implements it plans, judges by the host's rules, asks the owner where those say
 * so, and runs what was judged; see `createHostExec`.
 */
export interface ExecPort {
  run(request: ExecRequest, context: ToolContext): Promise<ExecEnding>;
}

export interface ExecToolOptions {
  readonly port: ExecPort;
  /** Of a command that names none, in milliseconds. @default 1_800_000 */
  readonly timeoutMs?: () => number;
  /** Whose shell reads texts. @default the running system's */
  readonly platform?: NodeJS.Platform;
}

/** `exec`: runs a program, if the host's rules or its owner allow exactly this. */
export function execTool({ port, timeoutMs = () => 1_800_000, platform = process.platform }: ExecToolOptions): Tool {
  return defineTool({
    name: "exec",
    groups: ["group:runtime"],
    ownerOnly: true,
    untrustedOutput: true,
    isSequential: true,
    describe:
      "Runs a program on the gateway's host. One program with plain words needs no shell, and is allowed more easily; pipes, variables and the like need one, and are mostly asked about.",
    params: z.strictObject({
      command: z
        .union([z.string().min(1).max(65_536), z.array(z.string().max(65_536)).min(1).max(256)])
        .describe("A command as one would type it, or a list of the program and its arguments."),
      workdir: z
        .string()
        .min(1)
        .max(4_096)
        .optional()
        .describe("Where to run it. The workspace unless said otherwise."),
      env: z.record(z.string().max(256), z.string().max(32_768)).optional().describe("Few names are let through."),
      timeout: z.number().min(1).max(86_400).optional().describe("In seconds."),
    }),
    async run({ command, workdir, env = {}, timeout }, context) {
      const ending = await port.run(
        {
          argv: argvOf(command, platform),
          asked: typeof command === "string" ? command : command.join(" "),
          cwd: workdir,
          env,
          timeoutMs: timeout === undefined ? timeoutMs() : Math.round(timeout * 1_000),
          agentId: context.agentId,
          sessionKey: context.sessionKey,
          idempotencyKey: `${context.runId}:${context.toolCallId}`,
        },
        context,
      );
      return answerOf(ending);
    },
  });
}

/**
 * What a command is as words. A text of one program with literal words is those words; any other one is what the system's
 * shell makes of it, and stands there as a call of that shell, so that it is judged and shown as one (rule R-33). Pure.
 */
export function argvOf(command: string | readonly string[], platform: NodeJS.Platform): readonly string[] {
  if (typeof command !== "string") return command;
  const isWindows = platform === "win32";
  const read = isWindows ? readCmdText(command) : readShellText(command);
  if (read.ok && read.argv.length > 0) return read.argv;
  return isWindows ? ["cmd.exe", "/d", "/s", "/c", command] : ["/bin/sh", "-c", command];
}

function answerOf(ending: ExecEnding): ToolAnswer {
  if (ending.state === "refused") return { text: `It was not run. ${ending.message}`, isError: true, details: ending };
  const { exitCode, signal, stderr, stdout, timedOut, truncated } = ending;
  const how = timedOut
    ? "It was ended because its time was over."
    : signal !== null
      ? `It was ended by ${signal}.`
      : `Exit code ${exitCode}.`;
  const half = Math.floor(maxToolTextBytes / 2) - 200;
  const output = [
    stdout === "" ? "" : boundedText(stdout, stderr === "" ? half * 2 : half),
    stderr === "" ? "" : `[stderr]\n${boundedText(stderr, stdout === "" ? half * 2 : half)}`,
    truncated ? "[There was more output; it is gone.]" : "",
    how,
  ];
  const { stdout: _, stderr: __, ...details } = ending;
  return { text: output.filter((text) => text !== "").join("\n"), isError: exitCode !== 0 || timedOut, details };
}
