import * as z from "zod";
import { lazy } from "./lazy.ts";
import { timestampMs } from "./text.ts";

/** A device that waits for its owner's approval. */
export const pendingDeviceSchema = lazy(() =>
  z
    .object({
      requestId: z.string().min(1),
      deviceId: z.string().min(1),
      publicKey: z.string().min(1).meta({ description: "The raw Ed25519 key, base64url without padding." }),
      displayName: z.string().min(1).optional(),
      platform: z.string().min(1).optional(),
      deviceFamily: z.string().min(1).optional(),
      clientId: z.string().min(1).optional(),
      clientMode: z.string().min(1).optional(),
      role: z.string().min(1).optional(),
      roles: z.array(z.string().min(1)).optional(),
      scopes: z
        .array(z.string().min(1))
        .optional()
        .meta({ description: "Everything it asks for that it doesn't have." }),
      remoteIp: z.string().min(1).optional(),
      caps: z.array(z.string()).optional().meta({ description: "Of a node: what it says it is good for." }),
      commands: z.array(z.string()).optional().meta({ description: "Of a node: what it says it can be asked to do." }),
      permissions: z.record(z.string(), z.boolean()).optional(),
      silent: z.boolean().optional(),
      isRepair: z.boolean().optional().meta({ description: "The device is paired already and asks for more." }),
      ts: timestampMs(),
    })
    .meta({ id: "PendingDevice" }),
);

/** A paired device, without its secrets. */
export const pairedDeviceSchema = lazy(() =>
  z
    .object({
      deviceId: z.string().min(1),
      publicKey: z.string().min(1),
      displayName: z.string().min(1).optional(),
      platform: z.string().min(1).optional(),
      deviceFamily: z.string().min(1).optional(),
      clientId: z.string().min(1).optional(),
      clientMode: z.string().min(1).optional(),
      role: z.string().min(1).optional(),
      roles: z.array(z.string().min(1)).optional(),
      scopes: z.array(z.string().min(1)).optional(),
      remoteIp: z.string().min(1).optional(),
      caps: z.array(z.string()).optional().meta({ description: "Of a node: what it says it is good for." }),
      commands: z.array(z.string()).optional().meta({ description: "Of a node: what it says it can be asked to do." }),
      permissions: z.record(z.string(), z.boolean()).optional(),
      tokens: z
        .array(
          z.object({
            role: z.string().min(1),
            scopes: z.array(z.string()),
            createdAtMs: timestampMs(),
            rotatedAtMs: timestampMs().optional(),
            revokedAtMs: timestampMs().optional(),
            lastUsedAtMs: timestampMs().optional(),
            expiresAtMs: timestampMs().optional(),
          }),
        )
        .optional(),
      createdAtMs: timestampMs(),
      approvedAtMs: timestampMs(),
    })
    .meta({ id: "PairedDevice" }),
);

/** A device that waits for approval, as `device.pair.list` and `device.pair.requested` show it. */
export type PendingDevice = z.output<ReturnType<typeof pendingDeviceSchema>>;
/** A paired device, as `device.pair.list` shows it. */
export type PairedDevice = z.output<ReturnType<typeof pairedDeviceSchema>>;
