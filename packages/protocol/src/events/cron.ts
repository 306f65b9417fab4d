import * as z from "zod";
import { cronStatus } from "../cron.ts";
import { event } from "../define.ts";
import { lazy } from "../lazy.ts";
import { timestampMs } from "../text.ts";

/** What happens by the clock. */
export const cronEvents = {
  cron: event({
    summary: "A job was added, changed, removed, started or finished.",
    since: 3,
    status: "planned",
    audience: "operators",
    scope: "operator.read",
    droppable: true,
    payload: lazy(() =>
      z.object({
        jobId: z.string().min(1),
        action: z.enum(["added", "updated", "removed", "started", "finished"]),
        runAtMs: timestampMs().optional(),
        durationMs: z.int().min(0).optional(),
        status: cronStatus().optional(),
        error: z.string().optional(),
        summary: z.string().optional(),
        nextRunAtMs: timestampMs().optional(),
      }),
    ),
  }),
} as const;
