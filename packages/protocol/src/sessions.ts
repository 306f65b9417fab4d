import * as z from "zod";
import { lazy } from "./lazy.ts";
import { timestampMs } from "./text.ts";

/** Where replies of a session go. */
export const deliveryContextSchema = lazy(() =>
  z
    .object({
      channel: z.string().optional(),
      to: z.string().optional(),
      accountId: z.string().optional(),
      threadId: z.union([z.string(), z.number()]).optional(),
    })
    .meta({ id: "DeliveryContext" }),
);

/** Where a session came from. */
const sessionOriginSchema = lazy(() =>
  z
    .object({
      label: z.string().optional(),
      provider: z.string().optional(),
      surface: z.string().optional(),
      chatType: z.string().optional(),
      from: z.string().optional(),
      to: z.string().optional(),
      accountId: z.string().optional(),
      threadId: z.union([z.string(), z.number()]).optional(),
    })
    .meta({ id: "SessionOrigin" }),
);

const shared = () => ({
  sessionId: z.string().optional(),
  label: z.string().optional(),
  displayName: z.string().optional(),
  channel: z.string().optional(),
  subject: z.string().optional(),
  groupChannel: z.string().optional(),
  space: z.string().optional(),
  chatType: z.string().optional().meta({ description: "direct, group or channel." }),
  origin: sessionOriginSchema().optional(),
  systemSent: z.boolean().optional(),
  abortedLastRun: z.boolean().optional(),
  thinkingLevel: z.string().optional(),
  verboseLevel: z.string().optional(),
  reasoningLevel: z.string().optional(),
  elevatedLevel: z.string().optional(),
  sendPolicy: z.enum(["allow", "deny"]).optional(),
  inputTokens: z.int().min(0).optional(),
  outputTokens: z.int().min(0).optional(),
  totalTokens: z.int().min(0).nullable().optional(),
  responseUsage: z.string().optional(),
  modelProvider: z.string().optional(),
  model: z.string().nullable().optional(),
  contextTokens: z.int().min(0).nullable().optional(),
  deliveryContext: deliveryContextSchema().optional(),
  lastChannel: z.string().optional(),
  lastTo: z.string().optional(),
  lastAccountId: z.string().optional(),
});

/** Kinds of sessions. */
const sessionKind = () => z.enum(["direct", "group", "global", "unknown"]);

/** One session in a list. */
export const sessionRowSchema = lazy(() =>
  z
    .object({
      key: z.string().min(1),
      kind: sessionKind(),
      ...shared(),
      updatedAt: timestampMs().nullable(),
      derivedTitle: z.string().optional(),
      lastMessagePreview: z.string().optional(),
      agentId: z.string().optional(),
      archived: z.boolean().optional(),
      pinned: z.boolean().optional(),
      unread: z.boolean().optional(),
      status: z
        .enum(["queued", "running", "done", "failed", "killed", "timeout"])
        .optional()
        .meta({ description: "Of its last run." }),
    })
    .meta({ id: "SessionRow" }),
);

/** What is stored about a session. A backend may keep more than is named here. */
export const sessionEntrySchema = lazy(() =>
  z.looseObject({ ...shared(), sessionId: z.string().min(1), updatedAt: timestampMs() }).meta({ id: "SessionEntry" }),
);

/** One session in `status`, with what is left of its context. */
export const sessionStatusSchema = lazy(() =>
  z
    .object({
      agentId: z.string().optional(),
      key: z.string().min(1),
      kind: sessionKind(),
      sessionId: z.string().optional(),
      updatedAt: timestampMs().nullable(),
      age: z.int().min(0).nullable().meta({ description: "Milliseconds since it was last used." }),
      thinkingLevel: z.string().optional(),
      verboseLevel: z.string().optional(),
      reasoningLevel: z.string().optional(),
      elevatedLevel: z.string().optional(),
      systemSent: z.boolean().optional(),
      abortedLastRun: z.boolean().optional(),
      inputTokens: z.int().min(0).optional(),
      outputTokens: z.int().min(0).optional(),
      totalTokens: z.int().min(0).nullable(),
      remainingTokens: z.int().min(0).nullable(),
      percentUsed: z.number().min(0).nullable(),
      model: z.string().nullable(),
      contextTokens: z.int().min(0).nullable(),
      flags: z.array(z.string()),
    })
    .meta({ id: "SessionStatus" }),
);

/** A session in a list. */
export type SessionRow = z.output<ReturnType<typeof sessionRowSchema>>;
/** What is stored about a session. */
export type SessionEntry = z.output<ReturnType<typeof sessionEntrySchema>>;
