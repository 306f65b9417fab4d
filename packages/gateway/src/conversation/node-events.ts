import { type AgentRuntime, type AgentSettings, agentIdOf, type ReplyRoute, type TurnRequest } from "@saltgate/agent";
import type { SqlDatabase } from "@saltgate/store";
import type { Peer } from "../connection/peer.ts";
import { RequestError } from "../dispatch/outcome.ts";
import { given } from "../given.ts";
import { agentOfKey, principalOf, requireAgent } from "../methods/asked-turn.ts";
import { sessionKeyOf } from "../methods/sessions.ts";
import type { NodeChannel } from "../nodes/node-session.ts";
import { fieldsOf, type NodeWords, nodeWordsOf, textOf } from "./node-words.ts";
import type { NodeSessionListeners } from "./session-listeners.ts";

export interface NodeEventsOptions {
  readonly runtime: AgentRuntime;
  readonly database: SqlDatabase;
  readonly listeners: NodeSessionListeners;
  readonly settings: () => AgentSettings;
  readonly newId: () => string;
}

/** What nodes tell that belongs to a conversation: what is said to their agents, and which sessions they listen to. */
export class NodeEvents {
  readonly #options: NodeEventsOptions;

  constructor(options: NodeEventsOptions) {
    this.#options = options;
  }

  /** Takes an event. @returns true, or why it had no effect */
  async take(event: string, payload: unknown, node: NodeChannel, caller: Peer): Promise<true | string> {
    try {
      switch (event) {
        case "chat.subscribe":
          return this.#options.listeners.subscribe(node.id, node, caller.version, this.#named(payload)) ?? true;
        case "chat.unsubscribe":
          this.#options.listeners.unsubscribe(node.id, this.#named(payload));
          return true;
        case "voice.transcript":
        case "agent.request": {
          const words = nodeWordsOf(event, payload, caller.deviceId ?? caller.connId);
          return typeof words === "string" ? words : await this.#say(words, caller);
        }
        default:
          return "this gateway does nothing with this event";
      }
    } catch (error) {
      // A node is told that it had no effect; the words are those that an operator would be told.
      if (error instanceof RequestError) return error.message;
      throw error;
    }
  }

  #named(payload: unknown): string {
    return this.#key(textOf(fieldsOf(payload)["sessionKey"]) ?? "main");
  }

  #key(session: string): string {
    return sessionKeyOf(session, undefined, this.#options.settings());
  }

  async #say(words: NodeWords, caller: Peer): Promise<true | string> {
    const { newId, runtime, settings } = this.#options;
    const { key, text, thinking, timeoutMs } = words;
    const sessionKey = this.#key(words.session);
    const agentId = agentIdOf(agentOfKey(sessionKey));
    requireAgent(agentId, settings());
    const reply = words.isToBeSent ? await this.#routeOf(sessionKey) : undefined;
    if (words.isToBeSent && reply === undefined) return "the session was never spoken to from a chat";
    const turn: TurnRequest = {
      runId: runIdOf(key ?? newId(), caller),
      sessionKey,
      agentId,
      content: [{ type: "text", text }],
      plainText: text,
      // A node is not its owner: whoever stands at a phone may speak to it.
      principal: { ...principalOf(caller), isOwner: false, channel: "node" },
      origin: { channel: "webchat", chatType: "direct" },
      ...(reply && { reply }),
      options: given({ thinking, timeoutMs }),
    };
    const acceptance = await runtime.submit(turn, { commandAuthorized: true });
    if (acceptance.status === "refused") return acceptance.reason;
    return acceptance.status === "accepted" || acceptance.isSame ? true : "this key belongs to another message";
  }

  async #routeOf(sessionKey: string): Promise<ReplyRoute | undefined> {
    const { database, runtime } = this.#options;
    return (await database.read((sql) => runtime.sessions.get(sql, sessionKey)))?.route;
  }
}

/** A run's id out of a node's own key: no node can take the id of another's message, or of one that comes from elsewhere. */
function runIdOf(key: string, { connId, deviceId = connId }: Peer): string {
  return `node-${deviceId}-${key}`;
}
