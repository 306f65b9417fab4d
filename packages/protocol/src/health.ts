import * as z from "zod";
import { lazy } from "./lazy.ts";
import { durationMs, timestampMs } from "./text.ts";

/** What `health` answers and the `health` event carries. */
export const healthSummarySchema = lazy(() =>
  z.object({
    ok: z.boolean(),
    ts: timestampMs(),
    durationMs: durationMs().meta({ description: "How long the check took." }),
    version: z.string().min(1).optional(),
    phase: z
      .enum(["starting", "ready", "degraded", "draining"])
      .optional()
      .meta({ description: "Where the gateway is in its life." }),
    problems: z
      .array(z.string())
      .optional()
      .meta({ description: "What is wrong, in words for the owner. Only for admins." }),
    eventLoop: z
      .object({ delayP50Ms: z.number().min(0), delayP99Ms: z.number().min(0) })
      .optional()
      .meta({ description: "How late the gateway's timers ran of late." }),
    memory: z.object({ rssBytes: z.int().min(0), bufferedBytes: z.int().min(0) }).optional(),
    connections: z.object({ operators: z.int().min(0), nodes: z.int().min(0) }).optional(),
    linkChannel: z
      .object({ id: z.string(), label: z.string(), linked: z.boolean(), authAgeMs: z.number().nullable() })
      .optional(),
    channels: z.record(z.string(), z.unknown()),
    channelOrder: z.array(z.string()),
    channelLabels: z.record(z.string(), z.string()),
    heartbeatSeconds: z.int().min(0),
    defaultAgentId: z.string().min(1),
    agents: z.array(z.unknown()),
    sessions: z.object({ path: z.string(), count: z.int().min(0), recent: z.array(z.unknown()) }),
  }),
);

/** What `health` answers. */
export type HealthSummary = z.output<ReturnType<typeof healthSummarySchema>>;
