import * as z from "zod";
import { chatMessageSchema } from "../chat.ts";
import { method } from "../define.ts";
import { lazy } from "../lazy.ts";
import { sessionEntrySchema, sessionRowSchema } from "../sessions.ts";
import { sessionKey, sessionLabel, shortText, timestampMs } from "../text.ts";

const agentId = () => shortText().optional().meta({ description: "Since revision 4." });
const changed = () => ({ ok: z.literal(true), key: z.string().min(1), entry: sessionEntrySchema() });
const level = () => shortText().nullable().optional();

/** Conversations: what there is, and how each is set up. */
export const sessionMethods = {
  "sessions.list": method({
    summary: "The sessions, newest first.",
    role: "operator",
    scope: "operator.read",
    since: 3,
    status: "served",
    params: lazy(() =>
      z.object({
        limit: z.int().min(1).optional(),
        offset: z.int().min(0).optional().meta({ description: "Since revision 4." }),
        activeMinutes: z.int().min(1).optional(),
        includeGlobal: z.boolean().optional(),
        includeUnknown: z.boolean().optional(),
        includeDerivedTitles: z.boolean().optional(),
        includeLastMessage: z.boolean().optional(),
        configuredAgentsOnly: z.boolean().optional().meta({ description: "Since revision 4." }),
        sortBy: z.enum(["updatedAt", "lastInteractionAt"]).optional().meta({ description: "Since revision 4." }),
        archived: z
          .union([z.boolean(), z.literal("all")])
          .optional()
          .meta({ description: "Since revision 4." }),
        label: sessionLabel().optional(),
        spawnedBy: sessionKey().optional(),
        agentId: shortText().optional(),
        search: shortText().optional(),
      }),
    ),
    result: lazy(() =>
      z.object({
        ts: timestampMs(),
        path: z.string(),
        count: z.int().min(0),
        defaults: z.object({
          modelProvider: z.string().nullable(),
          model: z.string().nullable(),
          contextTokens: z.int().nullable(),
        }),
        sessions: z.array(sessionRowSchema()),
      }),
    ),
  }),
  "sessions.preview": method({
    summary: "The last lines of some sessions.",
    role: "operator",
    scope: "operator.read",
    since: 3,
    status: "served",
    params: lazy(() =>
      z.object({
        keys: z.array(sessionKey()).min(1).meta({ description: "The first 64 count." }),
        limit: z.int().min(1).optional().meta({ description: "Lines of each. Default 12, at most 50." }),
        maxChars: z.int().min(20).optional().meta({ description: "Of each line. Default 240, at most 2000." }),
      }),
    ),
    result: lazy(() =>
      z.object({
        ts: timestampMs(),
        previews: z.array(
          z.object({
            key: z.string().min(1),
            status: z.enum(["ok", "empty", "missing", "error"]),
            items: z.array(
              z.object({ role: z.enum(["user", "assistant", "tool", "system", "other"]), text: z.string() }),
            ),
          }),
        ),
      }),
    ),
  }),
  "sessions.resolve": method({
    summary: "The key of the one session that is meant.",
    role: "operator",
    scope: { 3: "operator.admin", 4: "operator.read" },
    since: 3,
    status: "served",
    unlisted: [3],
    params: lazy(() =>
      z.object({
        key: sessionKey().optional(),
        sessionId: shortText().optional(),
        label: sessionLabel().optional(),
        shortId: shortText().optional().meta({ description: "Since revision 4." }),
        slugHint: shortText().optional().meta({ description: "Since revision 4." }),
        allowMissing: z.boolean().optional().meta({ description: "Since revision 4." }),
        agentId: shortText().optional(),
        spawnedBy: sessionKey().optional(),
        includeGlobal: z.boolean().optional(),
        includeUnknown: z.boolean().optional(),
      }),
    ),
    result: lazy(() =>
      z.object({
        ok: z.boolean(),
        key: z.string().optional(),
        agentId: z.string().optional(),
        candidates: z
          .array(z.object({ key: z.string().min(1), agentId: z.string(), displayName: z.string().optional() }))
          .optional()
          .meta({ description: "What it may have been, when nothing fits and `allowMissing` was set." }),
      }),
    ),
    notes: "Exactly one of `key`, `sessionId`, `label` (or, in revision 4, `shortId`).",
  }),
  "sessions.patch": method({
    summary: "Changes how a session is set up; null clears a setting.",
    role: "operator",
    scope: "operator.admin",
    since: 3,
    status: "served",
    params: lazy(() =>
      z.object({
        key: sessionKey(),
        agentId: agentId(),
        label: sessionLabel().nullable().optional(),
        thinkingLevel: level(),
        verboseLevel: level(),
        reasoningLevel: level(),
        responseUsage: z.enum(["off", "tokens", "full", "on"]).nullable().optional(),
        elevatedLevel: level(),
        fastMode: z
          .union([z.boolean(), z.literal("auto")])
          .nullable()
          .optional()
          .meta({ description: "Since revision 4." }),
        traceLevel: level().meta({ description: "Since revision 4." }),
        execHost: level(),
        execSecurity: level().meta({ description: "Revision 3 only." }),
        execAsk: level().meta({ description: "Revision 3 only." }),
        execNode: level(),
        model: level(),
        spawnedBy: sessionKey()
          .nullable()
          .optional()
          .meta({ description: "Revision 3 only; once, and only for sub-agents." }),
        sendPolicy: z.enum(["allow", "deny"]).nullable().optional(),
        groupActivation: z.enum(["mention", "always"]).nullable().optional(),
        icon: level().meta({ description: "Since revision 4." }),
        color: level().meta({ description: "Since revision 4." }),
        category: sessionLabel().nullable().optional().meta({ description: "Since revision 4." }),
        archived: z.boolean().optional().meta({ description: "Since revision 4." }),
        pinned: z.boolean().optional().meta({ description: "Since revision 4." }),
        unread: z.boolean().optional().meta({ description: "Since revision 4." }),
      }),
    ),
    result: lazy(() => z.object({ ...changed(), path: z.string() })),
    notes: "A label is unique among sessions.",
  }),
  "sessions.reset": method({
    summary: "Starts a session over: a fresh transcript under the same key, settings kept.",
    role: "operator",
    scope: "operator.admin",
    since: 3,
    status: "served",
    params: lazy(() =>
      z.object({
        key: sessionKey(),
        agentId: agentId(),
        reason: z.enum(["new", "reset"]).optional().meta({ description: "Since revision 4." }),
      }),
    ),
    result: lazy(() => z.object(changed())),
  }),
  "sessions.delete": method({
    summary: "Deletes a session. The main session can't be deleted.",
    role: "operator",
    scope: "operator.admin",
    since: 3,
    status: "served",
    params: lazy(() =>
      z.object({
        key: sessionKey(),
        agentId: agentId(),
        deleteTranscript: z.boolean().optional().meta({ description: "Default true: the transcript is put aside." }),
        expectedSessionId: shortText().optional().meta({ description: "Since revision 4." }),
        archivedOnly: z.boolean().optional().meta({ description: "Since revision 4." }),
      }),
    ),
    result: lazy(() =>
      z.object({
        ok: z.literal(true),
        key: z.string().min(1),
        deleted: z.boolean(),
        archived: z.array(z.string()).meta({ description: "Files that were put aside." }),
      }),
    ),
    notes: "Ends what runs in it first; `UNAVAILABLE` when that takes longer than 15 seconds.",
  }),
  "sessions.compact": method({
    summary: "Shortens a transcript to its last lines and puts the old one aside.",
    role: "operator",
    scope: "operator.admin",
    since: 3,
    status: "served",
    params: lazy(() =>
      z.object({
        key: sessionKey(),
        agentId: agentId(),
        maxLines: z.int().min(1).optional().meta({ description: "Default 400." }),
      }),
    ),
    result: lazy(() =>
      z.object({
        ok: z.literal(true),
        key: z.string().min(1),
        compacted: z.boolean(),
        kept: z.int().min(0).optional(),
        archived: z.string().optional(),
        reason: z.string().optional(),
      }),
    ),
  }),
  "sessions.describe": method({
    summary: "One session, as the list shows it.",
    role: "operator",
    scope: "operator.read",
    since: 4,
    status: "served",
    params: lazy(() =>
      z.object({
        key: sessionKey(),
        includeDerivedTitles: z.boolean().optional(),
        includeLastMessage: z.boolean().optional(),
      }),
    ),
    result: lazy(() => z.object({ session: sessionRowSchema().nullable() })),
  }),
  "sessions.get": method({
    summary: "The messages of one session.",
    role: "operator",
    scope: "operator.read",
    since: 4,
    status: "served",
    params: lazy(() =>
      z.object({ key: sessionKey(), agentId: agentId(), limit: z.int().min(1).max(1_000).optional() }),
    ),
    result: lazy(() => z.object({ messages: z.array(chatMessageSchema()) })),
  }),
  "sessions.search": method({
    summary: "Looks for words in transcripts.",
    role: "operator",
    scope: "operator.read",
    since: 4,
    status: "planned",
    params: lazy(() =>
      z.object({
        query: z.string().min(1).max(4_096),
        agentId: agentId(),
        sessionKeys: z.array(sessionKey()).min(1).max(200).optional(),
        limit: z.int().min(1).max(25).optional(),
      }),
    ),
    result: lazy(() =>
      z.object({
        results: z.array(
          z.object({
            sessionKey: z.string().min(1),
            sessionId: z.string().min(1),
            messageId: z.string().min(1),
            role: z.enum(["user", "assistant"]),
            timestamp: timestampMs(),
            snippet: z.string(),
            score: z.number(),
          }),
        ),
        indexing: z.boolean().optional().meta({ description: "The index is still being built." }),
        truncated: z.boolean().optional(),
      }),
    ),
  }),
} as const;
