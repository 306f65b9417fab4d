import * as z from "zod";
import { event } from "../define.ts";
import { lazy } from "../lazy.ts";
import { timestampMs } from "../text.ts";

/** Speaking and listening. */
export const voiceEvents = {
  "talk.mode": event({
    summary: "Talk mode was turned on or off, or went into another phase.",
    since: 3,
    status: "planned",
    audience: "operators",
    scope: "operator.read",
    droppable: true,
    payload: lazy(() => z.object({ enabled: z.boolean(), phase: z.string().nullable(), ts: timestampMs() })),
    notes:
      "Needs `operator.read` and not `operator.talk`, which revision 3 doesn't know: it says that somebody talks, not what.",
  }),
  "voicewake.changed": event({
    summary: "The words that wake the assistant were changed.",
    since: 3,
    status: "planned",
    audience: "operators",
    scope: "operator.read",
    droppable: true,
    payload: lazy(() => z.object({ triggers: z.array(z.string()) })),
    notes: "Each node gets a copy without `seq` right after hello-ok, and at every change.",
  }),
} as const;
