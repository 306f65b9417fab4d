import type { NodeLog } from "./log.ts";

/** Reads params that came over the wire. A zod schema fits. */
export interface ParamsSchema<P> {
  safeParse(
    value: unknown,
  ):
    | { readonly success: true; readonly data: P }
    | { readonly success: false; readonly error: { readonly issues: readonly ParamsIssue[] } };
}

/** What is wrong with params. */
export interface ParamsIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** What a command is told about the invocation that it serves. */
export interface InvocationContext {
  /** Aborted when the time is up, and when the node stops. A command that goes on regardless keeps its place. */
  readonly signal: AbortSignal;
  readonly invocationId: string;
  readonly idempotencyKey: string | undefined;
  /** When `signal` is aborted at the latest, in milliseconds since the epoch. */
  readonly deadlineMs: number;
  /** Whether somebody reads output before the answer. */
  readonly wantsProgress: boolean;
  /**
   * Sends a piece of output before the answer. Resolves when there is room for more, so that a command that waits for
   * it never fills the memory. Without a reader, and while the connection is gone, it is dropped.
   */
  progress(chunk: string, stream?: "stdout" | "stderr"): Promise<void>;
  /**
   * Says that the effect begins now: from here on a repeat with the same idempotency key is not run again, not even
   * after a crash. On disk when it resolves. Called for the command unless its `effect` is `declared`.
   * @throws {NodeCommandError} when it could not be written down, or the time is up: then nothing may be done.
   */
  begin(): Promise<void>;
  /** Tells the gateway that something happened on this node. Never throws; without a connection it is lost. */
  event(event: string, payload: unknown): Promise<void>;
  readonly log: NodeLog;
}

/** Whether running a command changes anything, and who says when. */
export type CommandEffect =
  /** It only looks: repeats may run again. */
  | "none"
  /** It begins with the first line of `run`. */
  | "whole"
  /** `run` calls `context.begin()` before it changes anything; what it refuses before that is not remembered. */
  | "declared";

/** Something that this node can be asked to do. */
export interface NodeCommand<P = unknown> {
  /** Words of letters and digits with dots between them, like `gpio.write`. The gateway must allow it too. */
  readonly name: string;
  /** The group that it belongs to, like `gpio`. */
  readonly cap: string;
  /** What it does, in a line for people. */
  readonly describe?: string;
  /** What its params must look like; built when it is first asked. @default anything */
  readonly params?: () => ParamsSchema<P>;
  /** How long it may take when the gateway names no time, in milliseconds. @default 30_000 */
  readonly timeoutMs?: number;
  /** How many may run at once. @default as many as the node runs of all commands together */
  readonly concurrency?: number;
  /** @default "whole" */
  readonly effect?: CommandEffect;
  /** What of the params makes two invocations the same one. @default all of them */
  identityOf?(params: P): unknown;
  /** Does it. What it resolves with travels as JSON. @throws {NodeCommandError} for a refusal with a name. */
  run(params: P, context: InvocationContext): unknown;
}

const NAME = /^[A-Za-z][A-Za-z0-9]*(\.[A-Za-z][A-Za-z0-9]*)+$/;

/** A command, with its params' type taken from its schema. @throws {TypeError} for a name that no gateway would take. */
export function defineCommand<P = unknown>(command: NodeCommand<P>): NodeCommand<P> {
  if (!NAME.test(command.name) || command.name.length > 256)
    throw new TypeError(`"${command.name.slice(0, 80)}" is no name of a command: it is like gpio.write`);
  const { concurrency = 1, timeoutMs = 1 } = command;
  if (!Number.isInteger(concurrency) || concurrency < 1)
    throw new TypeError(`${command.name}: concurrency is a whole number from 1`);
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1)
    throw new TypeError(`${command.name}: timeoutMs is a whole number from 1`);
  return command;
}
