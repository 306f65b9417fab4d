import * as z from "zod";
import { lazy } from "./lazy.ts";
import { timestampMs } from "./text.ts";

/** What came of an agent's heartbeat. */
export const heartbeatSchema = lazy(() =>
  z
    .object({
      ts: timestampMs(),
      status: z.enum(["sent", "ok-empty", "ok-token", "skipped", "failed"]),
      to: z.string().optional(),
      preview: z.string().optional(),
      durationMs: z.int().min(0).optional(),
      hasMedia: z.boolean().optional(),
      reason: z.string().optional(),
      channel: z.string().optional(),
      silent: z.boolean().optional(),
      indicatorType: z.enum(["ok", "alert", "error"]).optional(),
    })
    .meta({ id: "Heartbeat" }),
);

/** What came of an agent's heartbeat. */
export type Heartbeat = z.output<ReturnType<typeof heartbeatSchema>>;
