import * as z from "zod";
import { method } from "../define.ts";
import { lazy } from "../lazy.ts";
import { idempotencyKey, longText, sessionKey, shortText } from "../text.ts";

const sent = () => ({
  runId: z.string().min(1),
  messageId: z.string().min(1),
  channel: z.string().min(1),
  channelId: z.string().optional(),
  toJid: z.string().optional(),
  conversationId: z.string().optional(),
});

/** Messages that go out to a channel, without an agent. */
export const messageMethods = {
  send: method({
    summary: "Sends a message to somebody on a channel.",
    role: "operator",
    scope: "operator.write",
    since: 3,
    status: "served",
    idempotent: true,
    params: lazy(() =>
      z.object({
        to: shortText(),
        message: longText().optional().meta({ description: "Required in revision 3, and without media." }),
        mediaUrl: z.string().max(4_096).optional(),
        mediaUrls: z.array(z.string().max(4_096)).max(16).optional(),
        buffer: longText().optional().meta({ description: "The file itself, base64. Since revision 4." }),
        filename: shortText().optional().meta({ description: "Since revision 4." }),
        contentType: shortText().optional().meta({ description: "Since revision 4." }),
        asVoice: z.boolean().optional().meta({ description: "Since revision 4." }),
        gifPlayback: z.boolean().optional(),
        channel: shortText().optional(),
        accountId: shortText().optional(),
        agentId: shortText().optional().meta({ description: "Since revision 4." }),
        replyToId: shortText().optional().meta({ description: "Since revision 4." }),
        threadId: shortText().optional().meta({ description: "Since revision 4." }),
        forceDocument: z.boolean().optional().meta({ description: "Since revision 4." }),
        silent: z.boolean().optional().meta({ description: "Since revision 4." }),
        parseMode: z.literal("HTML").optional().meta({ description: "Since revision 4." }),
        sessionKey: sessionKey().optional(),
        idempotencyKey: idempotencyKey(),
      }),
    ),
    result: lazy(() => z.object({ ...sent(), chatId: z.string().optional() })),
    notes:
      "A repeat while the first is under way waits for it and gets its answer. A target that can't be resolved isn't remembered; a delivery that failed is.",
  }),
  poll: method({
    summary: "Sends a poll to somebody on a channel.",
    role: "operator",
    scope: { 3: "operator.admin", 4: "operator.write" },
    since: 3,
    status: "served",
    idempotent: true,
    unlisted: [3],
    params: lazy(() =>
      z.object({
        to: shortText(),
        question: shortText(),
        options: z.array(shortText()).min(2).max(12),
        maxSelections: z.int().min(1).max(12).optional(),
        durationHours: z.int().min(1).optional(),
        durationSeconds: z.int().min(1).max(604_800).optional().meta({ description: "Since revision 4." }),
        silent: z.boolean().optional().meta({ description: "Since revision 4." }),
        isAnonymous: z.boolean().optional().meta({ description: "Since revision 4." }),
        threadId: shortText().optional().meta({ description: "Since revision 4." }),
        channel: shortText().optional(),
        accountId: shortText().optional(),
        idempotencyKey: idempotencyKey(),
      }),
    ),
    result: lazy(() => z.object({ ...sent(), pollId: z.string().optional() })),
  }),
} as const;
