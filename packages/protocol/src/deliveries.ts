import * as z from "zod";
import { lazy } from "./lazy.ts";
import { timestampMs } from "./text.ts";

/** Something that waits to be sent, or could not be. */
export const queuedDeliverySchema = lazy(() =>
  z
    .object({
      id: z.string().min(1),
      channel: z.string().min(1),
      accountId: z.string().min(1),
      to: z.string().min(1),
      threadId: z.string().optional(),
      kind: z.string().min(1).meta({ description: "text, media, poll, edit, react, unsend." }),
      state: z.enum(["waiting", "sending", "unsure", "live", "sent", "failed", "unknown", "expired"]).meta({
        description:
          "`unsure`: nobody heard whether it was sent, and it is being found out. `failed`, `unknown` (it can't be found out) and `expired` wait for their owner.",
      }),
      attempts: z.int().min(0),
      preview: z.string().meta({ description: "How it begins." }),
      error: z.string().optional(),
      errorKind: z.string().optional(),
      runId: z.string().optional(),
      createdAtMs: timestampMs(),
      updatedAtMs: timestampMs(),
      expiresAtMs: timestampMs(),
      nextAtMs: timestampMs().optional().meta({ description: "When it is tried next." }),
    })
    .meta({ id: "QueuedDelivery" }),
);

/** Something that waits to be sent, or could not be. */
export type QueuedDelivery = z.output<ReturnType<typeof queuedDeliverySchema>>;
