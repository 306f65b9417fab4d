import * as z from "zod";
import { lazy } from "./lazy.ts";
import { LIMITS } from "./limits.ts";
import { timestampMs } from "./text.ts";

/** A file that comes with a message. Only images are passed on; larger ones than the limit are refused. */
const attachmentSchema = lazy(() =>
  z
    .object({
      type: z.string().optional(),
      mimeType: z.string().optional(),
      fileName: z.string().optional(),
      content: z
        .string()
        .optional()
        .meta({ description: `Base64 or a data URL; at most ${LIMITS.maxAttachmentBytes} bytes when decoded.` }),
    })
    .meta({ id: "Attachment" }),
);

/** The attachments of a message. */
export const attachments = () => z.array(attachmentSchema()).max(LIMITS.maxAttachments);

/** Tokens that a run used. */
export const usageSchema = lazy(() =>
  z
    .looseObject({
      input: z.int().min(0).optional(),
      output: z.int().min(0).optional(),
      cacheRead: z.int().min(0).optional(),
      cacheWrite: z.int().min(0).optional(),
      totalTokens: z.int().min(0).optional(),
    })
    .meta({ id: "TokenUsage" }),
);

/** One part of a message: `text`, `image`, `thinking`, `toolCall` and whatever a backend adds. */
const messagePartSchema = lazy(() =>
  z
    .looseObject({
      type: z.string().min(1),
      text: z.string().optional().meta({ description: "Of a text part." }),
      thinking: z.string().optional().meta({ description: "Of a thinking part." }),
      mimeType: z.string().optional().meta({ description: "Of an image part." }),
      data: z.string().optional().meta({ description: "Of an image part, base64." }),
      id: z.string().optional().meta({ description: "Of a tool call." }),
      name: z.string().optional().meta({ description: "Of a tool call." }),
      arguments: z.unknown().optional().meta({ description: "Of a tool call." }),
    })
    .meta({ id: "MessagePart" }),
);

/** One message of a session's transcript. */
export const chatMessageSchema = lazy(() =>
  z
    .looseObject({
      role: z.string().min(1).meta({ description: "user, assistant or toolResult." }),
      content: z.union([z.string(), z.array(messagePartSchema())]),
      timestamp: timestampMs().optional(),
      stopReason: z.string().optional(),
      usage: usageSchema().optional(),
      toolCallId: z.string().optional(),
      toolName: z.string().optional(),
      isError: z.boolean().optional(),
    })
    .meta({ id: "ChatMessage" }),
);

/** One message of a transcript. */
export type ChatMessage = z.output<ReturnType<typeof chatMessageSchema>>;
/** A file that comes with a message. */
export type Attachment = z.output<ReturnType<typeof attachmentSchema>>;
