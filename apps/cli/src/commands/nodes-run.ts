import type { ResultOf, SystemRunParams, SystemRunPrepared, SystemRunResult } from "@saltgate/protocol";
import { CommandError, Exit, usageError } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { millisecondsOf } from "../duration.ts";
import { type GatewaySession, openSession } from "../gateway-session.ts";
import { findNode, nodeName } from "../node-desk.ts";
import { printable, printableJson } from "../output/printable.ts";
import { OutputStream } from "../output-stream.ts";
import { aLittle, isCut, isRetryable, repeatWhenCut } from "../repeat-when-cut.ts";

const DEFAULT_RUN_MS = 30_000;
/** What the way there and back may take besides, in milliseconds. */
const WAY_MS = 10_000;

/** Runs a program on a node: asks the node what would run, its owner when the node wants that, and then the node. */
export async function run(invocation: Invocation): Promise<Exit> {
  const wanted = wantedOf(invocation);
  await using session = await openSession(invocation, undefined, { stays: true });
  const { nodes } = await session.request("node.list", {});
  const node = findNode(nodes, invocation.value("node") ?? "");
  if (!node.connected)
    throw new CommandError("NOT_CONNECTED", `the node ${nodeName(node)} is not here`, {
      mend: "Start it there: saltgate node run. Or leave it work: saltgate nodes invoke --later",
    });
  const asked = paramsOf(wanted, node.platform);
  const prepared = await prepare(session, node.nodeId, asked);
  const { plan, verdict } = prepared;
  if (verdict === "denied")
    throw new CommandError("SYSTEM_RUN_DENIED", `the node ${nodeName(node)} doesn't run that: ${prepared.reason}`, {
      mend: `See its rules: saltgate approvals get --node ${node.nodeId.slice(0, 12)}`,
      exit: Exit.NotPermitted,
    });
  const params: SystemRunParams = { ...asked, cwd: plan.cwd };
  const permitted =
    verdict === "ask"
      ? { ...params, runId: await askOwner(session, wanted, node.nodeId, prepared), approved: true }
      : params;
  return await execute(session, invocation, node.nodeId, permitted);
}

/** What the words of the command line say. */
interface Wanted {
  readonly program: readonly string[];
  /** A line for a shell, instead of a program. */
  readonly raw: string | undefined;
  readonly rest: Omit<SystemRunParams, "command">;
  readonly approvalTimeoutMs: number | undefined;
}

function wantedOf(invocation: Invocation): Wanted {
  const raw = invocation.value("raw");
  if ((raw === undefined) === (invocation.positionals.length === 0))
    throw usageError("name a program, or a line with --raw; not both", invocation.command);
  const env = Object.fromEntries(
    invocation.values("env").map((pair): [string, string] => {
      const at = pair.indexOf("=");
      if (at < 1) throw usageError(`--env is <name>=<value>, not "${pair.slice(0, 40)}"`, invocation.command);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
  const cwd = invocation.value("cwd");
  const agentId = invocation.value("agent");
  const timeoutMs =
    millisecondsOf(invocation.value("command-timeout"), "command-timeout", invocation.command) ?? DEFAULT_RUN_MS;
  return {
    program: invocation.positionals,
    raw,
    rest: {
      ...(cwd !== undefined && { cwd }),
      ...(Object.keys(env).length > 0 && { env }),
      ...(agentId !== undefined && { agentId }),
      timeoutMs,
    },
    approvalTimeoutMs: millisecondsOf(invocation.value("approval-timeout"), "approval-timeout", invocation.command),
  };
}

function paramsOf({ program, raw, rest }: Wanted, platform: string | undefined): SystemRunParams {
  if (raw === undefined) return { command: [...program], ...rest };
  const shell = platform?.startsWith("win") === true ? ["cmd.exe", "/d", "/s", "/c"] : ["/bin/sh", "-c"];
  return { command: [...shell, raw], rawCommand: raw, ...rest };
}

async function prepare(session: GatewaySession, nodeId: string, params: SystemRunParams): Promise<SystemRunPrepared> {
  try {
    const { payload } = await session.request("node.invoke", {
      nodeId,
      command: "system.run.prepare",
      params,
      idempotencyKey: crypto.randomUUID(),
    });
    const { systemRunPreparedSchema } = await import("@saltgate/protocol");
    return systemRunPreparedSchema().parse(payload);
  } catch (error) {
    if (error instanceof CommandError && error.code === "COMMAND_NOT_ALLOWED")
      throw new CommandError(error.code, `${error.message}: system.run.prepare`, {
        mend: `See what it may be asked for, and why not this: saltgate nodes describe ${nodeId.slice(0, 12)}`,
        cause: error,
      });
    throw error;
  }
}

/** Asks whoever may allow it, and waits, through restarts of the gateway too. @returns the approval's id */
async function askOwner(
  session: GatewaySession,
  { approvalTimeoutMs: timeoutMs }: Wanted,
  nodeId: string,
  { plan, policy }: SystemRunPrepared,
): Promise<string> {
  const accepted = await session.request("exec.approval.request", {
    nodeId,
    systemRunPlan: plan,
    host: "node",
    security: policy.security,
    ask: policy.ask,
    twoPhase: true,
    ...(timeoutMs !== undefined && { timeoutMs }),
  });
  const { id, approvers, expiresAtMs } = accepted;
  const watching = approvers === 0 ? "Nobody is watching now. " : "";
  say(`Asks for: ${printable(plan.commandText)}\nin ${printable(plan.cwd)}`);
  say(`${watching}To answer: saltgate approvals watch, or saltgate approvals allow ${id}`);
  const ending = await decisionOf(session, id, expiresAtMs);
  if (ending.decision === "deny")
    throw new CommandError("APPROVAL_DENIED", "the owner said no. Nothing was run", { exit: Exit.NotPermitted });
  if (ending.decision == null)
    throw new CommandError("APPROVAL_EXPIRED", "nobody allowed it in time. Nothing was run", {
      mend: "Have somebody watch: saltgate approvals watch",
      exit: Exit.NotPermitted,
    });
  return id;
}

async function decisionOf(
  session: GatewaySession,
  id: string,
  expiresAtMs: number,
): Promise<ResultOf<"exec.approval.waitDecision">> {
  for (;;) {
    try {
      await session.connected();
      return await session.request(
        "exec.approval.waitDecision",
        { id },
        { timeoutMs: expiresAtMs - Date.now() + WAY_MS },
      );
    } catch (error) {
      if (!isCut(error) || Date.now() > expiresAtMs + WAY_MS) throw error;
      await aLittle();
    }
  }
}

async function execute(
  session: GatewaySession,
  invocation: Invocation,
  nodeId: string,
  params: SystemRunParams,
): Promise<Exit> {
  const idempotencyKey = crypto.randomUUID();
  const timeoutMs = (params.timeoutMs ?? DEFAULT_RUN_MS) + WAY_MS / 2;
  const json = invocation.has("json");
  const output = new OutputStream(json ? undefined : process.stdout, json ? undefined : process.stderr);
  const stop = session.on("node.invoke.output", (piece) => {
    if (piece.idempotencyKey === idempotencyKey) output.take(piece);
  });
  try {
    const order = { nodeId, command: "system.run", params, timeoutMs, idempotencyKey, stream: !json };
    // Neither the gateway nor the node runs the same key twice.
    const { payload } = await repeatWhenCut(
      session,
      () => session.request("node.invoke", order, { timeoutMs: timeoutMs + WAY_MS }),
      isRetryable,
    );
    const { systemRunResultSchema } = await import("@saltgate/protocol");
    return report(systemRunResultSchema().parse(payload), output, json);
  } finally {
    stop();
  }
}

function report(result: SystemRunResult, output: OutputStream, json: boolean): Exit {
  if (json) process.stdout.write(`${printableJson(result, 2)}\n`);
  else output.finish(result);
  if (result.success) return Exit.Ok;
  const why = result.timedOut
    ? "it took too long and was ended"
    : (result.error ??
      (result.signal != null ? `ended by ${result.signal}` : `exit code ${result.exitCode ?? "unknown"}`));
  if (!json) say(`The program failed on the node: ${why}.`);
  return Exit.Failed;
}

function say(text: string): void {
  process.stderr.write(`${text.split("\n").map(printable).join("\n")}\n`);
}
