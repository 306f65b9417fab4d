import { Answers } from "./answers.ts";
import { Execution, type Surroundings } from "./execution.ts";
import { type InvokeRequest, judgeInvocation, readInvokeRequest } from "./invoke-request.ts";
import { Lanes } from "./lanes.ts";
import type { InvokeLimits } from "./limits.ts";
import type { NodeCommand } from "./node-command.ts";
import { NodeCommandError } from "./node-command-error.ts";
import { failed, type Outcome } from "./outcome.ts";
import { judgeRepeat } from "./repeat.ts";

/** What an {@link Invoker} works with. */
export interface InvokerOptions extends Surroundings {
  readonly commands: ReadonlyMap<string, NodeCommand>;
  readonly limits: InvokeLimits;
}

/** How many invocations there were since the node started. */
export interface InvocationCounts {
  /** Asked for, repeats included. */
  readonly received: number;
  readonly succeeded: number;
  /** Refused ones included. */
  readonly failed: number;
  readonly repeated: number;
  readonly running: number;
  /** Answers that wait for the connection to come back. */
  readonly undelivered: number;
}

const late = (): NodeCommandError =>
  new NodeCommandError("TIMEOUT", "node invoke timed out; the command was told to stop");

/** Answers invocations: each is checked, run in its place or recognised as a repeat, and answered once. */
export class Invoker {
  readonly #options: InvokerOptions;
  readonly #lanes: Lanes;
  readonly #answers: Answers;
  readonly #byKey = new Map<string, Execution>();
  readonly #executions = new Set<Execution>();
  readonly #answering = new Set<Promise<void>>();
  readonly #counts = { received: 0, succeeded: 0, failed: 0, repeated: 0 };
  #speaksProgress = false;
  #isStopping = false;

  constructor(options: InvokerOptions) {
    const { nodeId, send, clock, limits, log } = options;
    this.#options = options;
    this.#lanes = new Lanes(limits);
    this.#answers = new Answers({ nodeId, send, now: () => clock.now(), shelf: limits.shelf, log });
  }

  get counts(): InvocationCounts {
    return { ...this.#counts, running: this.#lanes.running, undelivered: this.#answers.waiting };
  }

  /** There is a connection: answers that waited go first. */
  connected(link: { readonly maxPayloadBytes: number; readonly protocol: number }): void {
    this.#speaksProgress = link.protocol >= 4;
    this.#answers.connected(link.maxPayloadBytes);
  }

  /** The connection is gone. What runs goes on, unless the node's owner decided otherwise. */
  disconnected(): void {
    this.#answers.disconnected();
    if (this.#options.limits.abortOnDisconnect)
      this.#stopAll(new NodeCommandError("UNAVAILABLE", "the connection to the gateway was lost"));
  }

  /** Takes an invocation, as the event brings it. Never throws. */
  handle(payload: unknown): void {
    const request = readInvokeRequest(payload);
    if (request === undefined) {
      this.#options.log("warn", "an invocation that names no id was ignored");
      return;
    }
    this.#counts.received += 1;
    const answered = this.#answer(request).finally(() => this.#answering.delete(answered));
    this.#answering.add(answered);
  }

  /** Ends everything that runs: it is told to stop, and gets a little time to do so and to be answered. Nothing new is begun. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    this.#stopAll(new NodeCommandError("UNAVAILABLE", "the node is stopping"));
    const everything = Promise.all([...[...this.#executions].map(({ outcome }) => outcome), ...this.#answering]);
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.after(graceMs, resolve);
      void everything.then(() => {
        cancel();
        resolve();
      });
    });
  }

  #stopAll(reason: NodeCommandError): void {
    for (const execution of this.#executions) execution.stop(reason);
  }

  async #answer(request: InvokeRequest): Promise<void> {
    const { log, clock } = this.#options;
    const startedAtMs = clock.now();
    const outcome = await this.#outcomeOf(request);
    if (outcome.ok) this.#counts.succeeded += 1;
    else this.#counts.failed += 1;
    log("info", outcome.ok ? "an invocation succeeded" : "an invocation was refused or failed", {
      command: this.#options.commands.get(request.command)?.name ?? "(unknown)",
      invocationId: request.id,
      tookMs: clock.now() - startedAtMs,
      ...(!outcome.ok && { code: outcome.error.code }),
    });
    await this.#answers.deliver(request.id, outcome);
  }

  async #outcomeOf(request: InvokeRequest): Promise<Outcome> {
    const { nodeId, commands, journal, limits } = this.#options;
    const verdict = judgeInvocation(request, nodeId, commands);
    if (verdict.do === "refuse") return { ok: false, error: verdict.error };
    const { command, digest, params } = verdict;
    const timeoutMs = request.timeoutMs ?? command.timeoutMs ?? limits.timeoutMs;
    if (timeoutMs === 0) return failed(new NodeCommandError("TIMEOUT", "node invoke timed out; nothing was run"));
    const key = command.effect === "none" ? undefined : request.idempotencyKey;
    const running = key === undefined ? undefined : this.#byKey.get(key);
    const repeat = judgeRepeat(digest, running, key === undefined ? undefined : journal.find(key));
    if (repeat.do !== "run") this.#counts.repeated += 1;
    if (repeat.do === "answer") return repeat.outcome;
    if (running !== undefined) return this.#within(running.outcome, timeoutMs, () => {});
    return this.#start(request, command, params, digest, key, timeoutMs);
  }

  #start(
    request: InvokeRequest,
    command: NodeCommand,
    params: unknown,
    digest: string,
    key: string | undefined,
    timeoutMs: number,
  ): Outcome | Promise<Outcome> {
    const { limits, clock } = this.#options;
    if (this.#isStopping) return failed(new NodeCommandError("UNAVAILABLE", "the node is stopping"));
    const place = this.#lanes.enter(command.name, command.concurrency ?? limits.maxRunning);
    if (place === undefined) {
      const { running, waiting } = this.#lanes;
      const message = `busy: ${running} commands run on this node and ${waiting} wait; nothing was run, try later`;
      return failed(new NodeCommandError("UNAVAILABLE", message));
    }
    const wantsProgress = request.wantsProgress && this.#speaksProgress;
    const deadlineMs = clock.now() + timeoutMs;
    const execution = new Execution(
      { request, command, params, digest, key, place, deadlineMs, wantsProgress },
      this.#options,
    );
    this.#executions.add(execution);
    if (key !== undefined) this.#byKey.set(key, execution);
    void execution.outcome.then(() => {
      this.#executions.delete(execution);
      if (key !== undefined) this.#byKey.delete(key);
    });
    return this.#within(execution.outcome, timeoutMs, () => execution.stop(late()));
  }

  /** The outcome, or TIMEOUT when the time is up before it is there. */
  #within(outcome: Promise<Outcome>, timeoutMs: number, onLate: () => void): Promise<Outcome> {
    return new Promise((resolve) => {
      const stop = this.#options.clock.after(timeoutMs, () => {
        resolve(failed(late()));
        onLate();
      });
      void outcome.then((done) => {
        stop();
        resolve(done);
      });
    });
  }
}
