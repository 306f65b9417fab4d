import { basename } from "node:path";
import { z } from "zod";
import type { ReplyRoute, Tool, ToolContext } from "../tool.ts";
import { defineTool } from "./define-tool.ts";
import { ToolFailure } from "./tool-failure.ts";
import { WorkspaceJail } from "./workspace-jail.ts";

/** Where an agent wants to act. What is absent is up to whoever carries it out. */
export interface MessageTarget {
  readonly channel: string;
  readonly accountId: string | undefined;
  /** As people write it, e.g. `+15551234567` or a group's id. */
  readonly to: string;
  readonly threadId: string | undefined;
}

/** What an agent wants to do in a conversation. */
export type MessageAction =
  | {
      readonly type: "send";
      readonly text: string;
      readonly replyToId: string | undefined;
      readonly files: readonly { readonly fileName: string; readonly bytes: Uint8Array<ArrayBuffer> }[];
    }
  | { readonly type: "react"; readonly messageId: string; readonly emoji: string; readonly remove: boolean }
  | { readonly type: "edit"; readonly messageId: string; readonly text: string }
  | { readonly type: "unsend"; readonly messageId: string }
  | {
      readonly type: "poll";
      readonly question: string;
      readonly options: readonly string[];
      readonly maxSelections: number;
    };

/** What became of it. */
export type MessageResult =
  | {
      readonly ok: true;
      /** Absent while it waits to be sent. */
      readonly messageId?: string;
      /** Whether it was sent, or waits on the disk to be. */
      readonly state: "sent" | "queued";
    }
  | { readonly ok: false; readonly message: string };

/** The channels, as the gateway gives them to agents: every action is durable and carried out once. */
export interface MessagePort {
  act(
    order: {
      readonly target: MessageTarget;
      readonly action: MessageAction;
      /** The same for the same call, also after a restart. */
      readonly idempotencyKey: string;
    },
    context: ToolContext,
  ): Promise<MessageResult>;
}

/** Largest file that an agent may send, in bytes; most of one message. */
const MAX_FILE_BYTES = 50 * 1024 * 1024;
const MAX_FILES = 10;

const params = z.strictObject({
  action: z.enum(["send", "reply", "react", "edit", "unsend", "poll"]),
  channel: z.string().min(1).max(64).optional().describe("The conversation that you are in unless said otherwise."),
  accountId: z.string().min(1).max(200).optional(),
  to: z.string().min(1).max(500).optional().describe("Who or where; the conversation that you are in unless said."),
  threadId: z.string().min(1).max(200).optional(),
  messageId: z.string().min(1).max(500).optional().describe("For reply, react, edit and unsend."),
  text: z.string().max(100_000).optional().describe("Markdown, for send, reply and edit."),
  emoji: z.string().max(64).optional().describe("For react; empty takes all of ours back."),
  remove: z.boolean().optional().describe("For react: take this one back."),
  files: z
    .array(z.string().min(1).max(4_096))
    .max(MAX_FILES)
    .optional()
    .describe("Paths in the workspace, for send and reply."),
  question: z.string().min(1).max(1_000).optional(),
  options: z.array(z.string().min(1).max(200)).min(2).max(30).optional(),
  maxSelections: z.int().min(1).max(30).optional(),
});

type Asked = z.output<typeof params>;

/** `message`: sends, answers, reacts, edits, takes back and asks polls. */
export function messageTool(port: MessagePort): Tool {
  return defineTool({
    name: "message",
    groups: ["group:messaging"],
    ownerOnly: false,
    untrustedOutput: false,
    isSequential: true,
    describe:
      "Acts in a conversation: send, reply, react, edit, unsend, poll. Your answer goes to the conversation that you are in by itself; use this for other conversations, and for what an answer can't do.",
    params,
    async run(asked, context) {
      const target = targetOf(asked, context);
      const action = await actionOf(asked, context);
      const idempotencyKey = `${context.runId}:${context.toolCallId}`;
      const result = await port.act({ target, action, idempotencyKey }, context);
      if (!result.ok) throw new ToolFailure(result.message);
      const id = result.messageId === undefined ? "" : ` Its id is ${result.messageId}.`;
      return { text: result.state === "sent" ? `Done.${id}` : "It waits to be sent, and will be.", details: result };
    },
  });
}

function targetOf(asked: Asked, { principal, reply }: ToolContext): MessageTarget {
  const channel = asked.channel ?? reply?.channel;
  // Another channel has other people: the ones from here mean nothing there.
  const isHere = channel === reply?.channel && (asked.accountId ?? reply?.accountId) === reply?.accountId;
  const to = asked.to ?? (isHere ? reply?.to : undefined);
  if (channel === undefined || to === undefined)
    throw new ToolFailure('There is no conversation here: say "channel" and "to".');
  const target = {
    channel,
    accountId: asked.accountId ?? (isHere ? reply?.accountId : undefined),
    to,
    threadId: asked.threadId ?? (isHere && to === reply?.to ? reply?.threadId : undefined),
  };
  if (!principal.isOwner && !isThere(target, reply))
    throw new ToolFailure("Only the owner may have you write to other conversations than this one.");
  return target;
}

function isThere(target: MessageTarget, reply: ReplyRoute | undefined): boolean {
  return (
    reply !== undefined &&
    target.channel === reply.channel &&
    target.accountId === reply.accountId &&
    target.to === reply.to &&
    target.threadId === reply.threadId
  );
}

async function actionOf(asked: Asked, context: ToolContext): Promise<MessageAction> {
  const need = <Key extends keyof Asked>(key: Key): NonNullable<Asked[Key]> => {
    const value = asked[key];
    if (value === undefined || value === null) throw new ToolFailure(`"${asked.action}" needs "${key}".`);
    return value;
  };
  switch (asked.action) {
    case "send":
    case "reply": {
      const files = await filesOf(asked.files ?? [], context);
      const text = asked.text ?? "";
      if (text.trim() === "" && files.length === 0) throw new ToolFailure(`"${asked.action}" needs "text" or "files".`);
      const replyToId =
        asked.action === "reply" ? (asked.messageId ?? context.reply?.replyToId ?? need("messageId")) : undefined;
      return { type: "send", text, files, replyToId };
    }
    case "react":
      return { type: "react", messageId: need("messageId"), emoji: need("emoji"), remove: asked.remove ?? false };
    case "edit":
      requireOwnMessages(context);
      return { type: "edit", messageId: need("messageId"), text: need("text") };
    case "unsend":
      requireOwnMessages(context);
      return { type: "unsend", messageId: need("messageId") };
    case "poll":
      return {
        type: "poll",
        question: need("question"),
        options: need("options"),
        maxSelections: Math.min(asked.maxSelections ?? 1, need("options").length),
      };
  }
}

/**
 * A bot that administrates a group can take back what anybody said there, and what it answered others is theirs: guests have
 * neither changed but where they are alone with it.
 */
function requireOwnMessages({ principal, reply }: ToolContext): void {
  if (principal.isOwner || reply?.isDirect === true) return;
  throw new ToolFailure("Among others only the owner may have messages changed or taken back.");
}

/** Files are read here, over the jail, so that no path ever reaches a channel (rule R-59). */
async function filesOf(paths: readonly string[], { principal, workspace }: ToolContext) {
  if (paths.length === 0) return [];
  if (!principal.isOwner) throw new ToolFailure("Only the owner may have files of the workspace sent.");
  const jail = await WorkspaceJail.open(workspace);
  const files: { readonly fileName: string; readonly bytes: Uint8Array<ArrayBuffer> }[] = [];
  for (const path of paths) {
    const file = await jail.read(path, MAX_FILE_BYTES);
    files.push({ fileName: basename(file.path), bytes: file.bytes });
  }
  return files;
}
