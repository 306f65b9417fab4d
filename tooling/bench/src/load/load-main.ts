// The load generator, in a process of its own: what it costs is not what is measured.
import { JOBS, type JobName, type Target } from "./jobs.ts";

type AnyJob = (target: Target, options: never) => Promise<unknown>;

process.on("message", (order: { id: number; job: JobName; target: Target; options: unknown }) => {
  const job: AnyJob = JOBS[order.job];
  job(order.target, order.options as never).then(
    (result) => process.send?.({ id: order.id, result }),
    (error: unknown) => process.send?.({ id: order.id, error: error instanceof Error ? error.stack : String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
