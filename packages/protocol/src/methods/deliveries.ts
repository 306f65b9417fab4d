import * as z from "zod";
import { method } from "../define.ts";
import { queuedDeliverySchema } from "../deliveries.ts";
import { lazy } from "../lazy.ts";
import { okResult, shortText, timestampMs } from "../text.ts";

const order = lazy(() => z.object({ id: shortText() }));

/** What waits to be delivered, and what could not be. Ours: no other gateway has these methods. */
export const deliveryMethods = {
  "deliveries.list": method({
    summary: "Messages that wait to be sent, messages that could not be, and messages that nothing could be made of.",
    role: "operator",
    scope: "operator.read",
    since: 3,
    status: "served",
    params: lazy(() =>
      z.object({
        states: z
          .array(z.enum(["waiting", "sending", "unsure", "live", "sent", "failed", "unknown", "expired"]))
          .min(1)
          .optional()
          .meta({ description: "Default: all but `sent`." }),
        channel: shortText().optional(),
        limit: z.int().min(1).max(1_000).optional().meta({ description: "Default 100." }),
      }),
    ),
    result: lazy(() =>
      z.object({
        deliveries: z.array(queuedDeliverySchema()).meta({ description: "Newest first." }),
        aside: z
          .array(
            z.object({
              id: z.string().min(1),
              channel: z.string().min(1),
              accountId: z.string().min(1),
              nativeId: z.string(),
              reason: z.string(),
              receivedAtMs: timestampMs(),
            }),
          )
          .meta({ description: "What came in and could not be dealt with. Newest first." }),
        inbox: z.object({ waiting: z.int().min(0), bytes: z.int().min(0), aside: z.int().min(0) }),
        outbox: z.object({
          open: z.int().min(0),
          bytes: z.int().min(0),
          dead: z.int().min(0).meta({ description: "Deliveries that wait for their owner." }),
        }),
      }),
    ),
  }),
  "deliveries.retry": method({
    summary: "Sends a message once more that had been given up.",
    role: "operator",
    scope: "operator.write",
    since: 3,
    status: "served",
    privileged: true,
    params: order,
    result: okResult,
    notes: "One in the state `unknown` may have been sent already: it is then there twice.",
  }),
  "deliveries.discard": method({
    summary: "Forgets a message that was not sent.",
    role: "operator",
    scope: "operator.write",
    since: 3,
    status: "served",
    privileged: true,
    params: order,
    result: okResult,
  }),
} as const;
