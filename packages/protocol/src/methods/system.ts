import * as z from "zod";
import { method } from "../define.ts";
import { healthSummarySchema } from "../health.ts";
import { heartbeatSchema } from "../heartbeat.ts";
import { lazy } from "../lazy.ts";
import { presenceEntrySchema } from "../presence.ts";
import { sessionStatusSchema } from "../sessions.ts";
import { noParams, shortText } from "../text.ts";

/** The gateway itself: how it is, who is here. */
export const systemMethods = {
  health: method({
    summary: "How the gateway is: channels, agents, sessions.",
    role: "operator",
    scope: "operator.read",
    since: 3,
    status: "served",
    params: lazy(() =>
      z.object({
        probe: z.boolean().optional().meta({ description: "Look again instead of answering from the last look." }),
      }),
    ),
    result: healthSummarySchema,
    notes:
      "Answers from the last look if that is younger than a minute, and looks again in the background; a finished look is followed by the event `health`.",
  }),
  status: method({
    summary: "What the gateway is doing: heartbeat, queued system events, sessions.",
    role: "operator",
    scope: "operator.read",
    since: 3,
    status: "served",
    params: noParams,
    result: lazy(() =>
      z.object({
        version: z.string().min(1).optional(),
        uptimeMs: z.int().min(0).optional(),
        linkChannel: z
          .object({ id: z.string(), label: z.string(), linked: z.boolean(), authAgeMs: z.number().nullable() })
          .optional(),
        heartbeat: z.object({
          defaultAgentId: z.string().min(1),
          agents: z.array(
            z.object({
              agentId: z.string().min(1),
              enabled: z.boolean(),
              every: z.string(),
              everyMs: z.int().nullable(),
            }),
          ),
        }),
        channelSummary: z.array(z.string()),
        queuedSystemEvents: z.array(z.string()),
        sessions: z.object({
          paths: z.array(z.string()),
          count: z.int().min(0),
          defaults: z.object({ model: z.string().nullable(), contextTokens: z.int().nullable() }),
          recent: z.array(sessionStatusSchema()),
          byAgent: z.array(
            z.object({
              agentId: z.string(),
              path: z.string(),
              count: z.int().min(0),
              recent: z.array(sessionStatusSchema()),
            }),
          ),
        }),
      }),
    ),
  }),
  "system-presence": method({
    summary: "Everybody who is here: the gateway, devices and clients, newest first.",
    role: "operator",
    scope: "operator.read",
    since: 3,
    status: "served",
    params: noParams,
    result: lazy(() => z.array(presenceEntrySchema())),
    notes: "The result is the array itself.",
  }),
  "system-event": method({
    summary: "Says something about a device, and queues other text for the main session.",
    role: "operator",
    scope: "operator.admin",
    since: 3,
    status: "served",
    params: lazy(() =>
      z.object({
        text: z.string().max(4_096),
        deviceId: shortText().optional(),
        instanceId: shortText().optional(),
        host: shortText().optional(),
        ip: shortText().optional(),
        mode: shortText().optional(),
        version: shortText().optional(),
        platform: shortText().optional(),
        deviceFamily: shortText().optional(),
        modelIdentifier: shortText().optional(),
        lastInputSeconds: z.number().min(0).optional(),
        reason: shortText().optional(),
        roles: z.array(shortText()).max(16).optional(),
        scopes: z.array(shortText()).max(64).optional(),
        tags: z.array(shortText()).max(64).optional(),
      }),
    ),
    result: lazy(() => z.object({ ok: z.literal(true) })),
    notes: "Followed by the event `presence`.",
  }),
  "last-heartbeat": method({
    summary: "The last heartbeat of an agent, or null.",
    role: "operator",
    scope: "operator.read",
    since: 3,
    status: "planned",
    params: noParams,
    result: lazy(() => heartbeatSchema().nullable()),
  }),
} as const;
