import * as z from "zod";
import {
  cronDeliverySchema,
  cronIsolationSchema,
  cronJobSchema,
  cronPayloadSchema,
  cronRunEntrySchema,
  cronScheduleSchema,
  cronSessionTarget,
  cronStateSchema,
  cronStatus,
  wakeMode,
} from "../cron.ts";
import { method } from "../define.ts";
import { lazy } from "../lazy.ts";
import { noParams, okResult, sessionKey, shortText, timestampMs } from "../text.ts";

const jobName = () => z.string().min(1).max(200);
const byId = () => ({
  id: shortText().optional(),
  jobId: shortText().optional().meta({ description: "Another name for `id`." }),
});
const named = (params: { readonly id?: string | undefined; readonly jobId?: string | undefined }): boolean =>
  params.id !== undefined || params.jobId !== undefined;
const target = () => ({
  agentId: shortText().nullable().optional(),
  sessionKey: sessionKey().nullable().optional().meta({ description: "Since revision 4." }),
  description: z.string().max(4_096).optional(),
  enabled: z.boolean().optional(),
  deleteAfterRun: z.boolean().optional(),
  delivery: cronDeliverySchema().optional(),
  isolation: cronIsolationSchema().optional(),
});

/** Jobs that run by the clock. */
export const cronMethods = {
  wake: method({
    summary: "Leaves a note for the main session, and may have its agent look at once.",
    role: "operator",
    scope: "operator.write",
    since: 3,
    status: "planned",
    params: lazy(() =>
      z.object({
        mode: wakeMode(),
        text: z.string().min(1).max(16_384),
        sessionKey: sessionKey().optional().meta({ description: "Since revision 4." }),
        agentId: shortText().optional().meta({ description: "Since revision 4." }),
      }),
    ),
    result: lazy(() => z.object({ ok: z.boolean() })),
  }),
  "cron.list": method({
    summary: "The jobs, next one first.",
    role: "operator",
    scope: "operator.read",
    since: 3,
    status: "planned",
    params: lazy(() =>
      z.object({
        includeDisabled: z.boolean().optional(),
        limit: z.int().min(1).max(200).optional().meta({ description: "Since revision 4." }),
        offset: z.int().min(0).optional().meta({ description: "Since revision 4." }),
        query: shortText().optional().meta({ description: "Since revision 4." }),
        enabled: z.enum(["all", "enabled", "disabled"]).optional().meta({ description: "Since revision 4." }),
        sortBy: z.enum(["nextRunAtMs", "updatedAtMs", "name"]).optional().meta({ description: "Since revision 4." }),
        sortDir: z.enum(["asc", "desc"]).optional().meta({ description: "Since revision 4." }),
        agentId: shortText().optional().meta({ description: "Since revision 4." }),
        compact: z.boolean().optional().meta({ description: "Since revision 4." }),
      }),
    ),
    result: lazy(() => z.object({ jobs: z.array(cronJobSchema()) })),
  }),
  "cron.get": method({
    summary: "One job.",
    role: "operator",
    scope: "operator.read",
    since: 4,
    status: "planned",
    params: lazy(() => z.object(byId()).refine(named, "id is required")),
    result: cronJobSchema,
  }),
  "cron.status": method({
    summary: "Whether jobs run, and when the next one is due.",
    role: "operator",
    scope: "operator.read",
    since: 3,
    status: "planned",
    params: noParams,
    result: lazy(() =>
      z.object({
        enabled: z.boolean(),
        storePath: z.string(),
        jobs: z.int().min(0),
        nextWakeAtMs: timestampMs().nullable(),
      }),
    ),
  }),
  "cron.add": method({
    summary: "Adds a job.",
    role: "operator",
    scope: "operator.admin",
    since: 3,
    status: "planned",
    privileged: true,
    params: lazy(() =>
      z.object({
        name: jobName(),
        schedule: cronScheduleSchema(),
        sessionTarget: cronSessionTarget(),
        wakeMode: wakeMode(),
        payload: cronPayloadSchema(),
        ...target(),
      }),
    ),
    result: cronJobSchema,
    notes: "A job for `main` carries a system event, an isolated one a task. Followed by the event `cron`.",
  }),
  "cron.update": method({
    summary: "Changes a job.",
    role: "operator",
    scope: "operator.admin",
    since: 3,
    status: "planned",
    privileged: true,
    params: lazy(() =>
      z
        .object({
          ...byId(),
          patch: z.object({
            name: jobName().optional(),
            schedule: cronScheduleSchema().optional(),
            sessionTarget: cronSessionTarget().optional(),
            wakeMode: wakeMode().optional(),
            payload: z
              .looseObject({ kind: z.enum(["systemEvent", "agentTurn", "command", "script"]) })
              .optional()
              .meta({ description: "Merged into the old one when the kind stays the same." }),
            state: cronStateSchema().partial().optional(),
            ...target(),
          }),
          expectedConfigRevision: shortText().optional().meta({ description: "Since revision 4." }),
        })
        .refine(named, "id is required"),
    ),
    result: cronJobSchema,
    notes: "Followed by the event `cron`.",
  }),
  "cron.remove": method({
    summary: "Removes a job.",
    role: "operator",
    scope: "operator.admin",
    since: 3,
    status: "planned",
    privileged: true,
    params: lazy(() => z.object(byId()).refine(named, "id is required")),
    result: lazy(() => z.object({ ok: z.boolean(), removed: z.boolean() })),
    notes: "Followed by the event `cron`.",
  }),
  "cron.run": method({
    summary: "Runs a job now.",
    role: "operator",
    scope: "operator.admin",
    since: 3,
    status: "planned",
    privileged: true,
    params: lazy(() =>
      z
        .object({
          ...byId(),
          mode: z
            .enum(["due", "force", "if-enabled"])
            .optional()
            .meta({ description: "Default `force`. `if-enabled` since revision 4." }),
        })
        .refine(named, "id is required"),
    ),
    result: lazy(() => z.object({ ok: z.literal(true), ran: z.boolean(), reason: z.string().optional() })),
  }),
  "cron.runs": method({
    summary: "How earlier runs ended, oldest first.",
    role: "operator",
    scope: "operator.read",
    since: 3,
    status: "planned",
    params: lazy(() =>
      z.object({
        ...byId(),
        scope: z.enum(["job", "all"]).optional().meta({ description: "Since revision 4." }),
        agentId: shortText().optional().meta({ description: "Since revision 4." }),
        status: z
          .enum(["all", ...cronStatus().options])
          .optional()
          .meta({ description: "Since revision 4." }),
        limit: z.int().min(1).max(5_000).optional().meta({ description: "Default 200. Revision 4: at most 200." }),
        offset: z.int().min(0).optional().meta({ description: "Since revision 4." }),
        sortDir: z.enum(["asc", "desc"]).optional().meta({ description: "Since revision 4." }),
      }),
    ),
    result: lazy(() => z.object({ entries: z.array(cronRunEntrySchema()) })),
    notes: "`id` or `jobId` is required, but for the scope `all`.",
  }),
  "set-heartbeats": method({
    summary: "Turns the agents' heartbeats on or off.",
    role: "operator",
    scope: "operator.admin",
    since: 3,
    status: "planned",
    params: lazy(() => z.object({ enabled: z.boolean() })),
    result: lazy(() => okResult().extend({ enabled: z.boolean() })),
  }),
} as const;
