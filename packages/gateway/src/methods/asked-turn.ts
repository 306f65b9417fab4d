import {
  type Acceptance,
  type AgentRuntime,
  type AgentSettings,
  agentIdOf,
  isChatCommand,
  type MessagePart,
  maySend,
  type ReplyRoute,
  type RunPrincipal,
  type TurnOptions,
  type TurnRequest,
  thinkingLevelOf,
  thinkingLevels,
} from "@saltgate/agent";
import { type Attachment, LIMITS, scopeSatisfies } from "@saltgate/protocol";
import type { SqlDatabase } from "@saltgate/store";
import type { Peer } from "../connection/peer.ts";
import { imageType } from "../conversation/inbound-media.ts";
import type { SystemLines } from "../conversation/system-lines.ts";
import { RequestError } from "../dispatch/outcome.ts";

/** What taking a turn of an operator needs. */
export interface AskingOptions {
  readonly database: SqlDatabase;
  readonly runtime: AgentRuntime;
  readonly settings: () => AgentSettings;
  /** Lines that wait for a session, which go with its next message. */
  readonly lines: Pick<SystemLines, "told">;
}

/** A turn as a request asks for it. */
export interface Asked {
  readonly runId: string;
  readonly sessionKey: string;
  readonly message: string;
  readonly attachments?: readonly Attachment[] | undefined;
  readonly options: TurnOptions;
  readonly reply?: ReplyRoute | undefined;
}

/** How ids of runs begin that the gateway makes: of what chats, nodes and agents say. */
const ownRunIds = /^(?:in|node|return|spawn|tool)-/;

/**
 * Takes what an operator asks of an agent. It is on the disk when the promise resolves.
 * @returns what is known of it, when it is a repeat
 * @throws {RequestError} when it isn't taken
 */
export async function submitAsked(
  asked: Asked,
  caller: Peer,
  options: AskingOptions,
): Promise<Extract<Acceptance, { readonly status: "known" }> | undefined> {
  const { lines, runtime, settings } = options;
  const { sessionKey, runId } = asked;
  requireFreeName(runId);
  const images = imagesOf(asked.attachments ?? []);
  if (asked.message.trim() === "" && images.length === 0) {
    throw new RequestError("INVALID_PARAMS", "message or attachment required");
  }
  requireAgent(agentOfKey(sessionKey), settings());
  await requireSendable(options, sessionKey);
  // A command is answered without the agent: what it should hear of waits for a message.
  const isCommand = isChatCommand(asked.message, settings().session.resetTriggers);
  const told = isCommand ? undefined : lines.told(sessionKey);
  const text = [...(told?.texts ?? []), asked.message].join("\n\n");
  const turn: TurnRequest = {
    runId,
    sessionKey,
    agentId: agentOfKey(sessionKey),
    content: [{ type: "text", text }, ...images],
    plainText: asked.message,
    principal: principalOf(caller),
    origin: { channel: "webchat", chatType: "direct" },
    options: asked.options,
    ...(asked.reply !== undefined && { reply: asked.reply }),
  };
  const acceptance = await runtime.submit(turn, { commandAuthorized: true });
  if (acceptance.status === "accepted") {
    told?.heard();
    return undefined;
  }
  if (acceptance.status === "refused") {
    throw new RequestError(acceptance.code === "invalid" ? "INVALID_PARAMS" : "TURN_REFUSED", acceptance.reason);
  }
  if (acceptance.isSame) return acceptance;
  throw new RequestError("IDEMPOTENCY_KEY_REUSED", "this idempotency key belongs to another request");
}

/** On whose behalf an operator's run works: the owner's own, if it may administrate. */
export function principalOf(caller: Peer): RunPrincipal {
  return {
    isOwner: scopeSatisfies(caller.scopes, "operator.admin"),
    channel: "webchat",
    accountId: undefined,
    senderId: caller.deviceId ?? "local-owner",
    deviceId: caller.deviceId,
  };
}

/** The agent of a session. */
export function agentOfKey(sessionKey: string): string {
  return sessionKey.split(":")[1] ?? "main";
}

async function requireSendable({ database, runtime, settings }: AskingOptions, sessionKey: string): Promise<void> {
  const record = await database.read((sql) => runtime.sessions.get(sql, sessionKey));
  const { channel, chatType } = record?.origin ?? {};
  const override = record?.settings.sendPolicy;
  if (!maySend(settings().session.sendPolicy, { key: sessionKey, channel, chatType, override })) {
    throw new RequestError("SEND_BLOCKED", "send blocked by session policy");
  }
}

/** The pictures among attachments. What isn't a picture by its content is left out. */
function imagesOf(attachments: readonly Attachment[]): MessagePart[] {
  return attachments.flatMap((attachment): MessagePart[] => {
    const content = attachment.content?.replace(/^data:[^,]*,/, "") ?? "";
    if (content === "") return [];
    if (!/^[A-Za-z0-9+/_-]+={0,2}\s*$/.test(content)) {
      throw new RequestError("INVALID_PARAMS", `attachment ${attachment.fileName ?? ""}: not base64`);
    }
    const bytes = Buffer.from(content, "base64");
    if (bytes.byteLength > LIMITS.maxAttachmentBytes) {
      throw new RequestError(
        "INVALID_PARAMS",
        `attachment ${attachment.fileName ?? ""}: more than ${LIMITS.maxAttachmentBytes} bytes`,
      );
    }
    const mimeType = imageType(bytes);
    return mimeType === undefined ? [] : [{ type: "image", data: bytes.toString("base64"), mimeType }];
  });
}

/** @throws {RequestError} for a name of the gateway's own: what it is given to next, e.g. somebody's message, would pass for a repeat */
function requireFreeName(runId: string): void {
  if (!ownRunIds.test(runId)) return;
  throw new RequestError(
    "INVALID_PARAMS",
    "idempotencyKey: keys that begin with in-, node-, return-, spawn- or tool- are the gateway's own; a random UUID is nobody's",
  );
}

/** @throws {RequestError} when no such agent is configured: what was said to it would fail, in a session that nobody wants */
export function requireAgent(agentId: string, { agents }: AgentSettings): void {
  if (agents.some(({ id }) => id === agentIdOf(agentId))) return;
  throw new RequestError(
    "UNKNOWN_AGENT_ID",
    `unknown agent id: ${agentId.slice(0, 80)} (agents.list names the agents)`,
  );
}

/** @throws {RequestError} for a word that is no level of thinking: it would be none at all, without a word about it */
export function requireThinking(word: string | undefined): string | undefined {
  if (word === undefined || thinkingLevelOf(word) !== undefined) return word;
  const levels = thinkingLevels.join(", ");
  throw new RequestError("INVALID_PARAMS", `thinking is one of ${levels}, not ${JSON.stringify(word.slice(0, 80))}`);
}
