import * as z from "zod";
import { method } from "../define.ts";
import { lazy } from "../lazy.ts";
import { shortText, timestampMs } from "../text.ts";

const completion = () =>
  z
    .object({
      setupId: z.string().min(1),
      deviceId: z.string().min(1),
      deviceName: z.string().optional(),
      access: z.enum(["full", "limited", "node"]),
      ts: timestampMs(),
    })
    .optional();

/** Setup codes for new devices, and devices that ask for more. All of it came with revision 4. */
export const deviceAccessMethods = {
  "device.pair.setupCode": method({
    summary: "A code that lets one new device in, once and for a short time.",
    role: "operator",
    scope: "operator.admin",
    since: 4,
    status: "served",
    privileged: true,
    params: lazy(() =>
      z.object({
        publicUrl: z.string().max(2_048).optional(),
        preferRemoteUrl: z.boolean().optional(),
        includeQr: z.boolean().optional(),
        bootstrapProfile: z.enum(["limited", "node"]).optional(),
        joinUrl: z.literal(true).optional(),
      }),
    ),
    result: lazy(() =>
      z.object({
        setupId: z.string().min(1).optional(),
        setupCode: z.string().min(1),
        joinUrl: z.string().optional(),
        qrDataUrl: z.string().optional(),
        gatewayUrl: z.string().min(1),
        gatewayUrls: z.array(z.string().min(1)).optional(),
        auth: z.enum(["token", "password"]),
        urlSource: z.string(),
        access: z.enum(["full", "limited", "node"]).optional(),
        expiresAtMs: timestampMs().optional(),
        tlsFingerprint: z.string().optional().meta({ description: "Of the certificate that the device shall expect." }),
      }),
    ),
    notes: "Never contains the gateway's own secret, and holds for the first key that uses it (rule R-28).",
  }),
  "device.pair.setupStatus": method({
    summary: "Whether a setup code was used, and by which device.",
    role: "operator",
    scope: "operator.admin",
    since: 4,
    status: "served",
    params: lazy(() => z.object({ setupId: z.string().min(1).max(128) })),
    result: lazy(() => z.object({ completion: completion(), deliveryUncertain: completion() })),
  }),
  "device.scopes.requestUpgrade": method({
    summary: "Asks the owner for more scopes for the calling device.",
    role: "operator",
    scope: "operator.read",
    since: 4,
    status: "planned",
    params: lazy(() => z.object({ scopes: z.array(shortText()).min(1).max(8) })),
    result: lazy(() => z.object({ requestId: z.string().min(1) })),
    notes: "One request waits per device. Followed by `device.pair.requested` for those who may approve.",
  }),
  "device.scopes.waitUpgrade": method({
    summary: "Waits for the owner's decision on such a request.",
    role: "operator",
    scope: "operator.read",
    since: 4,
    status: "planned",
    params: lazy(() => z.object({ requestId: shortText() })),
    result: lazy(() =>
      z.object({
        status: z.enum(["approved", "rejected", "expired"]),
        requestId: z.string().min(1),
        deviceToken: z
          .string()
          .min(1)
          .optional()
          .meta({ description: "When approved: the device's new token, shown once." }),
        scopes: z.array(z.string().min(1)).optional().meta({ description: "When approved." }),
      }),
    ),
  }),
} as const;
