import * as z from "zod";
import { lazy } from "./lazy.ts";

/** The restart that a change brings about. */
export const restartPlanSchema = lazy(() =>
  z
    .object({
      ok: z.boolean(),
      pid: z.int().optional(),
      signal: z.string().optional(),
      delayMs: z.int().min(0).optional(),
      reason: z.string().optional(),
      mode: z.enum(["emit", "signal"]).optional(),
    })
    .meta({ id: "RestartPlan" }),
);
