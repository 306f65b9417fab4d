import * as z from "zod";
import { method } from "../define.ts";
import { lazy } from "../lazy.ts";
import { LIMITS } from "../limits.ts";

/** The gateway's log. */
export const logMethods = {
  "logs.tail": method({
    summary: "The newest lines of the gateway's log, or what came after a cursor.",
    role: "operator",
    scope: "operator.read",
    since: 3,
    status: "planned",
    params: lazy(() =>
      z.object({
        cursor: z.int().min(0).optional().meta({ description: "Byte offset from an earlier answer." }),
        limit: z.int().min(1).max(LIMITS.maxLogLines).optional().meta({ description: "Lines. Default 500." }),
        maxBytes: z.int().min(1).max(LIMITS.maxLogBytes).optional().meta({ description: "Default 250000." }),
      }),
    ),
    result: lazy(() =>
      z.object({
        file: z.string(),
        cursor: z.int().min(0).meta({ description: "Byte offset to go on from." }),
        size: z.int().min(0),
        lines: z.array(z.string()),
        truncated: z.boolean().optional().meta({ description: "There was more than fits." }),
        reset: z.boolean().optional().meta({ description: "The cursor was of no use; this starts afresh." }),
      }),
    ),
    notes: "Lines are redacted before they are written, so that none holds a secret.",
  }),
} as const;
