import type { SystemRunParams, SystemRunPlan, SystemRunResult } from "@saltgate/protocol";
import type { InvocationContext } from "../node-command.ts";

/** How much of the output an event carries: the end of it, in characters. */
const MAX_OUTPUT_CHARS = 20_000;

/** Tells the session that a run belongs to what becomes of it; a run of no session tells nobody. */
export class ExecEvents {
  readonly #context: InvocationContext;
  readonly #about: Readonly<Record<string, unknown>> | undefined;

  constructor(context: InvocationContext, params: SystemRunParams, plan: SystemRunPlan) {
    this.#context = context;
    const { sessionKey } = plan;
    this.#about =
      sessionKey === null
        ? undefined
        : { sessionKey, runId: params.runId ?? context.invocationId, host: "node", command: plan.commandText };
  }

  started(): void {
    this.#tell("exec.started", {});
  }

  denied(reason: string): void {
    this.#tell("exec.denied", { reason });
  }

  finished({ exitCode, timedOut, success, stdout, stderr }: SystemRunResult): void {
    const output = [stdout, stderr].filter((text) => text !== "").join("\n");
    this.#tell("exec.finished", {
      ...(typeof exitCode === "number" && { exitCode }),
      timedOut,
      success,
      output: output.slice(-MAX_OUTPUT_CHARS),
    });
  }

  #tell(event: string, more: Readonly<Record<string, unknown>>): void {
    if (this.#about !== undefined) void this.#context.event(event, { ...this.#about, ...more });
  }
}
