import * as z from "zod";
import { method } from "../define.ts";
import { pairedDeviceSchema, pendingDeviceSchema } from "../devices.ts";
import { lazy } from "../lazy.ts";
import { shortText, timestampMs } from "../text.ts";

const requestId = () =>
  z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/, "must be a request id")
    .meta({ description: "The id of a pending request, as `device.pair.list` shows it." });
const deviceId = () => z.string().min(1).max(128);

/** Which devices may join, and what they may do. */
export const deviceMethods = {
  "device.pair.list": method({
    summary: "Devices that wait for approval, and devices that are paired. Tokens are never shown.",
    role: "operator",
    scope: "operator.pairing",
    since: 3,
    status: "served",
    params: lazy(() => z.object({})),
    result: lazy(() => z.object({ pending: z.array(pendingDeviceSchema()), paired: z.array(pairedDeviceSchema()) })),
    notes: "Both newest first.",
  }),
  "device.pair.approve": method({
    summary: "Lets a waiting device in.",
    role: "operator",
    scope: "operator.pairing",
    since: 3,
    status: "served",
    privileged: true,
    params: lazy(() =>
      z.object({
        requestId: requestId(),
        scopes: z.array(shortText()).max(64).optional().meta({
          description:
            "Grant exactly these instead of what was asked for: fewer, or any that you hold when it asked for none.",
        }),
      }),
    ),
    result: lazy(() => z.object({ requestId: z.string().min(1), device: pairedDeviceSchema() })),
    notes: "Nobody grants what they don't hold. Followed by `device.pair.resolved`.",
  }),
  "device.pair.reject": method({
    summary: "Turns a waiting device away.",
    role: "operator",
    scope: "operator.pairing",
    since: 3,
    status: "served",
    privileged: true,
    params: lazy(() => z.object({ requestId: requestId() })),
    result: lazy(() => z.object({ requestId: z.string().min(1), deviceId: z.string().min(1) })),
    notes: "Followed by `device.pair.resolved`.",
  }),
  "device.pair.remove": method({
    summary: "Forgets a paired device: its tokens end and its connections close before the answer comes.",
    role: "operator",
    scope: "operator.pairing",
    since: 4,
    status: "served",
    privileged: true,
    params: lazy(() => z.object({ deviceId: deviceId() })),
    result: lazy(() => z.object({ deviceId: z.string().min(1), removed: z.boolean() })),
  }),
  "device.pair.rename": method({
    summary: "Gives a paired device a name that its owner chose.",
    role: "operator",
    scope: "operator.pairing",
    since: 4,
    status: "served",
    params: lazy(() =>
      z
        .object({
          deviceId: deviceId(),
          displayName: z.string().trim().min(1).max(120).optional(),
          label: z.string().trim().min(1).max(120).optional().meta({
            description: "What other clients of revision 4 call `displayName`. One of the two is required.",
          }),
        })
        .transform(({ deviceId, displayName, label }, context) => {
          const name = displayName ?? label;
          if (name !== undefined) return { deviceId, displayName: name };
          context.addIssue({ code: "custom", path: ["displayName"], message: "is required" });
          return z.NEVER;
        }),
    ),
    result: lazy(() => z.object({ deviceId: z.string().min(1), displayName: z.string().min(1) })),
  }),
  "device.token.rotate": method({
    summary: "Has a device exchange its token for a new one the next time it connects.",
    role: "operator",
    scope: "operator.pairing",
    since: 3,
    status: "served",
    privileged: true,
    params: lazy(() =>
      z.object({
        deviceId: deviceId(),
        role: shortText(),
        scopes: z.array(shortText()).max(64).optional().meta({
          description: "Scopes of the new token: never more than the device's approved ones, nor than yours.",
        }),
      }),
    ),
    result: lazy(() =>
      z.object({
        deviceId: z.string().min(1),
        role: z.string().min(1),
        scopes: z.array(z.string()),
        rotatedAtMs: timestampMs(),
        tokenDelivery: z
          .literal("withheld-cross-device")
          .meta({ description: "The secret goes to the device itself, in its next hello-ok, and to nobody else." }),
      }),
    ),
    notes:
      "The device's connections close; its old token lets it come back, the answering hello-ok carries the new one, and the first use of that ends the old. Whoever ordered it sees no secret.",
  }),
  "device.token.revoke": method({
    summary: "Ends a device's token and role until its owner approves it again.",
    role: "operator",
    scope: "operator.pairing",
    since: 3,
    status: "served",
    privileged: true,
    params: lazy(() => z.object({ deviceId: deviceId(), role: shortText() })),
    result: lazy(() => z.object({ deviceId: z.string().min(1), role: z.string().min(1), revokedAtMs: timestampMs() })),
    notes: "Its connections in that role close before the answer comes.",
  }),
} as const;
