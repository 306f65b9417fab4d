import * as z from "zod";
import { method } from "../define.ts";
import { lazy } from "../lazy.ts";

/** The browser that agents use. */
export const browserMethods = {
  "browser.request": method({
    summary: "Passes a request on to the browser service, here or on a node.",
    role: "operator",
    scope: "operator.write",
    since: 3,
    until: 3,
    status: "planned",
    privileged: true,
    params: lazy(() =>
      z.object({
        method: z.enum(["GET", "POST", "DELETE"]),
        path: z.string().min(1).max(4_096),
        query: z.record(z.string(), z.unknown()).optional(),
        body: z.unknown().optional(),
        timeoutMs: z.int().min(0).optional(),
      }),
    ),
    result: lazy(() => z.unknown()),
    notes: "The result is what the service answered to that path.",
  }),
} as const;
