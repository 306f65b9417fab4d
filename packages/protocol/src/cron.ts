import * as z from "zod";
import { lazy } from "./lazy.ts";
import { sessionKey, shortText, timestampMs } from "./text.ts";

const positiveMs = () => z.int().min(1);

/** When a job runs. */
export const cronScheduleSchema = lazy(() =>
  z
    .union([
      z
        .object({ kind: z.literal("at"), atMs: timestampMs() })
        .meta({ description: "Once, at a time in milliseconds. Revision 3." }),
      z
        .object({ kind: z.literal("at"), at: z.string().min(1) })
        .meta({ description: "Once, at an ISO 8601 time. Revision 4." }),
      z
        .object({ kind: z.literal("every"), everyMs: positiveMs(), anchorMs: timestampMs().optional() })
        .meta({ description: "Again and again, counted from the anchor." }),
      z
        .object({
          kind: z.literal("cron"),
          expr: z.string().min(1).max(256),
          tz: shortText().optional(),
          staggerMs: z.int().min(0).optional(),
        })
        .meta({ description: "A cron expression of five or six fields, in a time zone." }),
      z
        .object({ kind: z.literal("on-exit"), command: z.string().min(1), cwd: z.string().optional() })
        .meta({ description: "Each time a command ends. Revision 4." }),
      z
        .object({
          kind: z.literal("stream"),
          command: z.array(z.string()).min(1),
          cwd: z.string().optional(),
          mode: z.enum(["line", "match"]).optional(),
          match: z.string().optional(),
        })
        .meta({ description: "For the lines that a command writes. Revision 4." }),
    ])
    .meta({ id: "CronSchedule" }),
);

/** What a job does. */
export const cronPayloadSchema = lazy(() =>
  z
    .union([
      z.object({ kind: z.literal("systemEvent"), text: z.string().min(1) }),
      z.object({
        kind: z.literal("agentTurn"),
        message: z.string().min(1),
        model: shortText().optional(),
        thinking: shortText().optional(),
        timeoutSeconds: z.int().min(1).optional(),
        deliver: z.boolean().optional().meta({ description: "Revision 3; later `delivery` of the job." }),
        channel: shortText().optional().meta({ description: "Revision 3; later `delivery` of the job." }),
        to: shortText().optional().meta({ description: "Revision 3; later `delivery` of the job." }),
        bestEffortDeliver: z.boolean().optional().meta({ description: "Revision 3; later `delivery` of the job." }),
      }),
      z
        .object({
          kind: z.literal("command"),
          argv: z.array(z.string()).min(1),
          cwd: z.string().optional(),
          timeoutSeconds: z.number().min(0).optional(),
        })
        .meta({ description: "Revision 4." }),
      z
        .object({
          kind: z.literal("script"),
          script: z.string().min(1).max(65_536),
          timeoutSeconds: z.number().min(1).optional(),
        })
        .meta({ description: "Revision 4." }),
    ])
    .meta({ id: "CronPayload" }),
);

/** Where the outcome of a job goes. Since revision 4. */
export const cronDeliverySchema = lazy(() =>
  z
    .object({
      mode: z.enum(["none", "announce", "webhook"]),
      channel: shortText().optional(),
      to: z.string().min(1).max(2_048).optional(),
      accountId: shortText().optional(),
      threadId: z.union([z.string(), z.number()]).optional(),
      bestEffort: z.boolean().optional(),
    })
    .meta({ id: "CronDelivery" }),
);

/** How an isolated job reports to the main session. Revision 3 only. */
export const cronIsolationSchema = lazy(() =>
  z
    .object({
      postToMainPrefix: z.string().optional(),
      postToMainMode: z.enum(["summary", "full"]).optional(),
      postToMainMaxChars: z.int().min(0).optional(),
    })
    .meta({ id: "CronIsolation" }),
);

/** How a job has fared. */
export const cronStateSchema = lazy(() =>
  z
    .object({
      nextRunAtMs: timestampMs().optional(),
      runningAtMs: timestampMs().optional(),
      lastRunAtMs: timestampMs().optional(),
      lastStatus: cronStatus().optional(),
      lastError: z.string().optional(),
      lastDurationMs: z.int().min(0).optional(),
    })
    .meta({ id: "CronState" }),
);

/** How a run ended. */
export const cronStatus = () => z.enum(["ok", "error", "skipped"]);
/** `main`, `isolated`, and since revision 4 `current` or `session:` and a key. */
export const cronSessionTarget = () =>
  z
    .string()
    .regex(/^(main|isolated|current|session:.+)$/, "must be main, isolated, current or session:<key>")
    .meta({ description: "`main` or `isolated`; since revision 4 also `current` and `session:<key>`." });
/** Whether a main job waits for the next heartbeat. */
export const wakeMode = () => z.enum(["now", "next-heartbeat"]);

/** A job. */
export const cronJobSchema = lazy(() =>
  z
    .object({
      id: z.string().min(1),
      agentId: z.string().optional(),
      sessionKey: sessionKey().optional(),
      name: z.string().min(1),
      description: z.string().optional(),
      enabled: z.boolean(),
      deleteAfterRun: z.boolean().optional(),
      createdAtMs: timestampMs(),
      updatedAtMs: timestampMs(),
      schedule: cronScheduleSchema(),
      sessionTarget: cronSessionTarget(),
      wakeMode: wakeMode(),
      payload: cronPayloadSchema(),
      delivery: cronDeliverySchema().optional(),
      isolation: cronIsolationSchema().optional(),
      state: cronStateSchema(),
    })
    .meta({ id: "CronJob" }),
);

/** One finished run of a job. */
export const cronRunEntrySchema = lazy(() =>
  z
    .object({
      ts: timestampMs(),
      jobId: z.string().min(1),
      action: z.literal("finished"),
      status: cronStatus().optional(),
      error: z.string().optional(),
      summary: z.string().optional(),
      runAtMs: timestampMs().optional(),
      durationMs: z.int().min(0).optional(),
      nextRunAtMs: timestampMs().optional(),
    })
    .meta({ id: "CronRunEntry" }),
);

/** A job, as `cron.list` shows it. */
export type CronJob = z.output<ReturnType<typeof cronJobSchema>>;
/** When a job runs. */
export type CronSchedule = z.output<ReturnType<typeof cronScheduleSchema>>;
