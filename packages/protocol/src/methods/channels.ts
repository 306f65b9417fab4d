import * as z from "zod";
import { accountSnapshotSchema } from "../channels.ts";
import { method } from "../define.ts";
import { lazy } from "../lazy.ts";
import { LIMITS } from "../limits.ts";
import { shortText, timestampMs } from "../text.ts";

const account = () => ({ channel: shortText(), accountId: shortText().optional() });

/** Chat channels and their accounts. */
export const channelMethods = {
  "channels.status": method({
    summary: "Every channel, its accounts, and how they are.",
    role: "operator",
    scope: "operator.read",
    since: 3,
    status: "served",
    params: lazy(() =>
      z.object({
        probe: z.boolean().optional().meta({ description: "Ask each platform instead of answering from memory." }),
        timeoutMs: z.int().min(0).optional().meta({ description: "Of the probes. At least 1000, default 10000." }),
        channel: shortText().optional().meta({ description: "Since revision 4." }),
      }),
    ),
    result: lazy(() =>
      z.object({
        ts: timestampMs(),
        channelOrder: z.array(z.string()),
        channelLabels: z.record(z.string(), z.string()),
        channelDetailLabels: z.record(z.string(), z.string()).optional(),
        channelSystemImages: z.record(z.string(), z.string()).optional(),
        channelMeta: z
          .array(
            z.object({
              id: z.string().min(1),
              label: z.string(),
              detailLabel: z.string(),
              systemImage: z.string().optional(),
            }),
          )
          .optional(),
        channels: z.record(z.string(), z.unknown()).meta({ description: "A summary of each, in its own terms." }),
        channelAccounts: z.record(z.string(), z.array(accountSnapshotSchema())),
        channelDefaultAccountId: z.record(z.string(), z.string()),
        partial: z.boolean().optional().meta({ description: "Since revision 4." }),
        warnings: z.array(z.string()).optional().meta({ description: "Since revision 4." }),
      }),
    ),
  }),
  "channels.start": method({
    summary: "Starts an account of a channel.",
    role: "operator",
    scope: "operator.admin",
    since: 4,
    status: "served",
    privileged: true,
    params: lazy(() => z.object(account())),
    result: lazy(() => z.object({ channel: z.string(), accountId: z.string(), started: z.boolean() })),
  }),
  "channels.stop": method({
    summary: "Stops an account of a channel.",
    role: "operator",
    scope: "operator.admin",
    since: 4,
    status: "served",
    privileged: true,
    params: lazy(() => z.object(account())),
    result: lazy(() => z.object({ channel: z.string(), accountId: z.string(), stopped: z.boolean() })),
  }),
  "channels.logout": method({
    summary: "Ends an account's login and forgets its credentials.",
    role: "operator",
    scope: "operator.admin",
    since: 3,
    status: "served",
    privileged: true,
    params: lazy(() => z.object(account())),
    result: lazy(() => z.looseObject({ channel: z.string(), accountId: z.string(), cleared: z.boolean() })),
  }),
  "web.login.start": method({
    summary: "Starts a login by QR code.",
    role: "operator",
    scope: "operator.admin",
    since: 3,
    status: "planned",
    privileged: true,
    params: lazy(() =>
      z.object({
        force: z.boolean().optional().meta({ description: "Log in again, although it is linked." }),
        timeoutMs: z.int().min(0).optional(),
        verbose: z.boolean().optional(),
        accountId: shortText().optional(),
      }),
    ),
    result: lazy(() =>
      z.looseObject({
        qrDataUrl: z.string().optional().meta({ description: "A picture of the code to scan: as good as a password." }),
        message: z.string(),
        connected: z.boolean().optional(),
      }),
    ),
    notes: "Advertised only when a channel offers it.",
  }),
  "web.login.wait": method({
    summary: "Waits until somebody has scanned the code.",
    role: "operator",
    scope: "operator.admin",
    since: 3,
    status: "planned",
    params: lazy(() =>
      z.object({
        timeoutMs: z.int().min(0).optional(),
        accountId: shortText().optional(),
        currentQrDataUrl: z
          .string()
          .max(LIMITS.maxNodeChunkChars)
          .optional()
          .meta({ description: "Since revision 4." }),
      }),
    ),
    result: lazy(() =>
      z.looseObject({ connected: z.boolean(), message: z.string(), qrDataUrl: z.string().optional() }),
    ),
  }),
} as const;
