import * as z from "zod";
import { method } from "../define.ts";
import { lazy } from "../lazy.ts";
import { noParams, timestampMs } from "../text.ts";

const totals = () => ({
  input: z.number().min(0),
  output: z.number().min(0),
  cacheRead: z.number().min(0),
  cacheWrite: z.number().min(0),
  totalTokens: z.number().min(0),
  totalCost: z.number().min(0).meta({ description: "In US dollars." }),
  missingCostEntries: z.int().min(0).meta({ description: "Entries whose price isn't known." }),
});

/** What thinking costs. */
export const usageMethods = {
  "usage.status": method({
    summary: "How much of each provider's quota is used.",
    role: "operator",
    scope: "operator.read",
    since: 3,
    status: "planned",
    params: noParams,
    result: lazy(() =>
      z.object({
        updatedAt: timestampMs(),
        providers: z.array(
          z.object({
            provider: z.string().min(1),
            displayName: z.string(),
            windows: z.array(
              z.object({ label: z.string(), usedPercent: z.number().min(0), resetAt: timestampMs().optional() }),
            ),
            plan: z.string().optional(),
            error: z.string().optional(),
          }),
        ),
      }),
    ),
  }),
  "usage.cost": method({
    summary: "Tokens and money, by day.",
    role: "operator",
    scope: "operator.read",
    since: 3,
    status: "planned",
    params: lazy(() =>
      z.object({
        days: z
          .union([z.number(), z.string().max(16)])
          .optional()
          .meta({ description: "Default 30." }),
      }),
    ),
    result: lazy(() =>
      z.object({
        updatedAt: timestampMs(),
        days: z.int().min(1),
        daily: z.array(z.object({ date: z.string().meta({ description: "YYYY-MM-DD." }), ...totals() })),
        totals: z.object(totals()),
      }),
    ),
  }),
} as const;
