import * as z from "zod";
import { lazy } from "./lazy.ts";
import { durationMs, timestampMs } from "./text.ts";

/** How many sessions there are, and the last few that were used. */
const recentSessionsSchema = lazy(() =>
  z
    .object({
      path: z.string(),
      count: z.int().min(0),
      recent: z.array(
        z.object({
          key: z.string().min(1),
          updatedAt: timestampMs().nullable(),
          age: z.int().min(0).nullable().meta({ description: "Milliseconds since it was last used." }),
        }),
      ),
    })
    .meta({ id: "RecentSessions" }),
);

/** How one agent is. */
const agentHealthSchema = lazy(() =>
  z
    .object({
      agentId: z.string().min(1),
      name: z.string().optional(),
      isDefault: z.boolean(),
      heartbeat: z.object({
        enabled: z.boolean(),
        every: z.string(),
        everyMs: z.int().min(0).nullable(),
        prompt: z.string(),
        target: z.string(),
        model: z.string().optional(),
        ackMaxChars: z.int().min(0),
      }),
      sessions: recentSessionsSchema(),
    })
    .meta({ id: "AgentHealth" }),
);

/** What `health` answers and the `health` event carries. */
export const healthSummarySchema = lazy(() =>
  z
    .object({
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
      agents: z.array(agentHealthSchema()),
      sessions: recentSessionsSchema(),
    })
    .meta({ id: "HealthSummary" }),
);

/** What `health` answers. */
export type HealthSummary = z.output<ReturnType<typeof healthSummarySchema>>;

/**
 * The keys of the summary that `hello-ok` of revision 4 may carry: published validators of that revision refuse a
 * snapshot whose health has others.
 */
export const HELLO_HEALTH_KEYS = [
  "ok",
  "ts",
  "durationMs",
  "channels",
  "channelOrder",
  "channelLabels",
  "heartbeatSeconds",
  "defaultAgentId",
  "agents",
  "sessions",
] as const;

/** The part of the summary that `hello-ok` of revision 4 carries. */
export const helloHealthSchema = lazy(() =>
  healthSummarySchema()
    .partial()
    .pick(
      Object.fromEntries(HELLO_HEALTH_KEYS.map((key) => [key, true])) as Record<
        (typeof HELLO_HEALTH_KEYS)[number],
        true
      >,
    ),
);
