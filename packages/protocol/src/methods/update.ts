import * as z from "zod";
import { method } from "../define.ts";
import { lazy } from "../lazy.ts";
import { restartPlanSchema } from "../restart.ts";
import { deliveryContextSchema } from "../sessions.ts";
import { sessionKey } from "../text.ts";

/** Newer versions of the gateway itself. */
export const updateMethods = {
  "update.run": method({
    summary: "Updates the gateway and restarts it.",
    role: "operator",
    scope: "operator.admin",
    since: 3,
    status: "planned",
    privileged: true,
    params: lazy(() =>
      z.object({
        sessionKey: sessionKey().optional(),
        deliveryContext: deliveryContextSchema().optional().meta({ description: "Since revision 4." }),
        note: z.string().max(4_096).optional(),
        restartDelayMs: z.int().min(0).optional(),
        timeoutMs: z.int().min(1).optional(),
      }),
    ),
    result: lazy(() =>
      z.object({
        ok: z.boolean(),
        result: z.looseObject({
          status: z.string(),
          mode: z.string(),
          reason: z.string().optional(),
          steps: z.array(z.unknown()),
          durationMs: z.int().min(0),
        }),
        restart: restartPlanSchema().nullish(),
        sentinel: z.object({ path: z.string().nullable(), payload: z.unknown() }).optional(),
      }),
    ),
  }),
} as const;
