import * as z from "zod";
import { connectChallengeSchema } from "../connect.ts";
import { event } from "../define.ts";
import { healthSummarySchema } from "../health.ts";
import { lazy } from "../lazy.ts";
import { presenceEntrySchema } from "../presence.ts";
import { timestampMs } from "../text.ts";

/** The gateway itself. */
export const systemEvents = {
  "connect.challenge": event({
    summary: "The first message on every connection: the nonce that a device signs.",
    since: 3,
    status: "served",
    audience: "target",
    droppable: false,
    payload: connectChallengeSchema,
  }),
  presence: event({
    summary: "The whole presence list, after somebody came, went or said something.",
    since: 3,
    status: "served",
    audience: "operators",
    scope: "operator.read",
    droppable: true,
    stateful: true,
    payload: lazy(() => z.object({ presence: z.array(presenceEntrySchema()) })),
  }),
  tick: event({
    summary: "Proof of life at the interval that hello-ok names.",
    since: 3,
    status: "served",
    audience: "everyone",
    droppable: true,
    payload: lazy(() => z.object({ ts: timestampMs() })),
  }),
  shutdown: event({
    summary: "The gateway is about to stop or restart.",
    since: 3,
    status: "served",
    audience: "everyone",
    droppable: false,
    payload: lazy(() =>
      z.object({
        reason: z.string().min(1),
        restartExpectedMs: z
          .int()
          .min(0)
          .optional()
          .meta({ description: "When it expects to be back; absent when it stops." }),
      }),
    ),
  }),
  health: event({
    summary: "A fresh look at how the gateway is.",
    since: 3,
    status: "served",
    audience: "operators",
    scope: "operator.read",
    droppable: true,
    stateful: true,
    payload: healthSummarySchema,
  }),
} as const;
