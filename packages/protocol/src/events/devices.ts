import * as z from "zod";
import { event } from "../define.ts";
import { pendingDeviceSchema } from "../devices.ts";
import { lazy } from "../lazy.ts";
import { timestampMs } from "../text.ts";

/** Which devices may join. */
export const deviceEvents = {
  "device.pair.requested": event({
    summary: "A device asks to be let in, or for more than it has.",
    since: 3,
    status: "served",
    audience: "operators",
    scope: "operator.pairing",
    droppable: false,
    payload: pendingDeviceSchema,
  }),
  "device.pair.resolved": event({
    summary: "A device was let in or turned away.",
    since: 3,
    status: "served",
    audience: "operators",
    scope: "operator.pairing",
    droppable: false,
    payload: lazy(() =>
      z.object({
        requestId: z.string().min(1),
        deviceId: z.string().min(1),
        decision: z.enum(["approved", "rejected"]),
        ts: timestampMs(),
      }),
    ),
  }),
} as const;
