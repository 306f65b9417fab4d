import * as z from "zod";
import { lazy } from "./lazy.ts";
import { timestampMs } from "./text.ts";

/** One row of presence: a device (or a client without one), with what it is and when it was heard of. */
export const presenceEntrySchema = lazy(() =>
  z
    .object({
      host: z.string().min(1).optional(),
      ip: z.string().min(1).optional(),
      version: z.string().min(1).optional(),
      platform: z.string().min(1).optional(),
      deviceFamily: z.string().min(1).optional(),
      modelIdentifier: z.string().min(1).optional(),
      mode: z.string().min(1).optional(),
      lastInputSeconds: z.int().min(0).optional(),
      reason: z.string().min(1).optional().meta({ description: "connect, disconnect, self, or what the client said." }),
      tags: z.array(z.string().min(1)).optional(),
      text: z.string().optional(),
      ts: timestampMs(),
      deviceId: z.string().min(1).optional(),
      roles: z.array(z.string().min(1)).optional(),
      scopes: z.array(z.string().min(1)).optional(),
      instanceId: z.string().min(1).optional(),
    })
    .meta({ id: "PresenceEntry" }),
);

/** One row of presence. */
export type PresenceEntry = z.output<ReturnType<typeof presenceEntrySchema>>;
