import type { ClientClock } from "@saltgate/client";
import type { Send } from "./answers.ts";
import type { InvokeRequest } from "./invoke-request.ts";
import type { InvocationJournal } from "./journal/invocation-journal.ts";
import type { NodeLog } from "./log.ts";
import type { InvocationContext, NodeCommand } from "./node-command.ts";
import { NodeCommandError } from "./node-command-error.ts";
import { failed, type Outcome, outcomeOf } from "./outcome.ts";
import { ProgressStream } from "./progress-stream.ts";

/** What running a command takes. */
export interface Task {
  readonly request: InvokeRequest;
  readonly command: NodeCommand;
  readonly params: unknown;
  readonly digest: string;
  /** `undefined`: nothing is remembered. */
  readonly key: string | undefined;
  readonly place: { readonly entered: Promise<void>; readonly leave: () => void };
  readonly deadlineMs: number;
  readonly wantsProgress: boolean;
}

/** What tasks are run with. */
export interface Surroundings {
  readonly nodeId: string;
  readonly send: Send;
  readonly journal: InvocationJournal;
  readonly clock: ClientClock;
  readonly log: NodeLog;
}

/** One run of a command, from the line for a place to what came of it. */
export class Execution {
  readonly digest: string;
  /** Never rejects. Also when nobody waits for it any more, it is what a repeat is answered with. */
  readonly outcome: Promise<Outcome>;
  readonly #abort = new AbortController();
  readonly #task: Task;
  readonly #with: Surroundings;
  readonly #progress: ProgressStream | undefined;
  #hasBegun = false;

  constructor(task: Task, surroundings: Surroundings) {
    const { send, nodeId } = surroundings;
    this.digest = task.digest;
    this.#task = task;
    this.#with = surroundings;
    this.#progress = task.wantsProgress ? new ProgressStream(send, { invokeId: task.request.id, nodeId }) : undefined;
    this.outcome = this.#run();
  }

  /** Tells the command to stop. */
  stop(reason: NodeCommandError): void {
    this.#abort.abort(reason);
    this.#progress?.stop();
  }

  async #run(): Promise<Outcome> {
    const { place, command, params, key } = this.#task;
    const { signal } = this.#abort;
    try {
      await orAbort(place.entered, signal);
      const outcome = await this.#outcomeOf(command, params);
      if (this.#hasBegun && key !== undefined) await this.#remember(key, outcome);
      // The answer comes after the last piece of output.
      await this.#progress?.flush();
      return outcome;
    } catch (error) {
      return failed(error); // the time was up before there was a place
    } finally {
      place.leave();
    }
  }

  async #outcomeOf(command: NodeCommand, params: unknown): Promise<Outcome> {
    const { signal } = this.#abort;
    const context = this.#context(signal);
    try {
      if ((command.effect ?? "whole") === "whole") await context.begin();
      return outcomeOf(await command.run(params, context));
    } catch (error) {
      // What a command throws because it was told to stop says less than why it was.
      return failed(signal.aborted && !(error instanceof NodeCommandError) ? signal.reason : error);
    }
  }

  async #remember(key: string, outcome: Outcome): Promise<void> {
    const { journal, log } = this.#with;
    try {
      await journal.end(key, outcome);
    } catch (error) {
      log("error", "what came of an invocation could not be written down", { reason: (error as Error).message });
    }
  }

  #context(signal: AbortSignal): InvocationContext {
    const { request, deadlineMs, key } = this.#task;
    const { log, send } = this.#with;
    return {
      signal,
      invocationId: request.id,
      idempotencyKey: key,
      deadlineMs,
      wantsProgress: this.#progress !== undefined,
      progress: async (chunk, stream) => this.#progress?.write(chunk, stream),
      begin: () => this.#begin(signal),
      async event(event, payload) {
        await send("node.event", { event, payloadJSON: JSON.stringify(payload) }).catch(() => {}); // as documented
      },
      log,
    };
  }

  async #begin(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { key, digest, command } = this.#task;
    if (this.#hasBegun || key === undefined) return;
    try {
      await this.#with.journal.begin({ key, digest, command: command.name });
    } catch (cause) {
      throw new NodeCommandError(
        "UNAVAILABLE",
        "JOURNAL_FAILED: this node can't write down what it begins, so nothing was run; is its disk full?",
        { cause },
      );
    }
    this.#hasBegun = true;
    signal.throwIfAborted();
  }
}

function orAbort(entered: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", onAbort, { once: true });
    void entered.then(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
  });
}
