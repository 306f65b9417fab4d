import { fork } from "node:child_process";
import { join } from "node:path";
import type { JOBS, JobName, Target } from "./load/jobs.ts";
import { ours } from "./servers.ts";

/** What a job needs to know besides its target. */
type OptionsOf<J extends JobName> = (typeof JOBS)[J] extends (target: Target, options: infer O) => unknown
  ? unknown extends O
    ? undefined
    : O
  : undefined;
type ResultOf<J extends JobName> = Awaited<ReturnType<(typeof JOBS)[J]>>;

/** Clients that load a server, in a process of their own. */
export interface LoadGenerator extends AsyncDisposable {
  readonly pid: number;
  run<J extends JobName>(job: J, target: Target, options: OptionsOf<J>): Promise<ResultOf<J>>;
}

/** Starts a load generator. */
export function startLoadGenerator(): LoadGenerator {
  const child = ours(fork(join(import.meta.dirname, "load/load-main.ts"), { execArgv: [] }));
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  let count = 0;
  child.on("message", ({ id, result, error }: { id: number; result: never; error?: string }) => {
    const job = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) job?.resolve(result);
    else job?.reject(new Error(error));
  });
  const exited = new Promise<void>((resolve) => child.once("close", () => resolve()));
  void exited.then(() => {
    for (const { reject } of waiting.values()) reject(new Error("the load generator ended"));
  });
  return {
    pid: child.pid ?? 0,
    run(job, { url, port, token }, options) {
      count += 1;
      const id = count;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        child.send({ id, job, target: { url, port, token }, options });
      });
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}
