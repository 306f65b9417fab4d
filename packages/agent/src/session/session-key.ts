import { createHash } from "node:crypto";
import { agentIdOf, isAgentId } from "./agent-id.ts";

/** Longest key of a session, in characters; as the wire has it. */
export const maxSessionKeyChars = 512;
const maxPartChars = 128;

/** How sessions are told apart in lists. */
export type SessionKind = "direct" | "group" | "global" | "unknown";

/** Which rules for starting over apply. */
export type SessionType = "dm" | "group" | "thread";

/** How direct messages are divided into sessions. */
export type DmScope = "main" | "per-peer" | "per-channel-peer" | "per-account-channel-peer";

/** A complete key, taken apart. */
export interface ParsedSessionKey {
  readonly agentId: string;
  /** What follows `agent:<id>:`. */
  readonly rest: string;
}

/** Takes a complete key apart: `agent:<id>:<rest>`, lower case. Anything else is `undefined`. */
export function parseSessionKey(key: string): ParsedSessionKey | undefined {
  if (key.length > maxSessionKeyChars || key !== key.toLowerCase()) return undefined;
  const [word, agentId = "", ...rest] = key.split(":");
  if (word !== "agent" || !isAgentId(agentId) || rest.length === 0 || rest.some((part) => part === ""))
    return undefined;
  return { agentId, rest: rest.join(":") };
}

/**
 * An id as one part of a key: lower case, with `:` and `%` escaped, so that no id can spell the separator and with it
 * another's key. Of a long id the end is replaced by a digest. Ids that differ only in case share a key.
 */
export function keyPart(id: string): string {
  const escaped = id.trim().toLowerCase().replaceAll("%", "%25").replaceAll(":", "%3a").replace(/\s/g, "%20");
  if (escaped === "") return "%0";
  if (escaped.length <= maxPartChars) return escaped;
  // `%h` can't come from an id, whose own `%` is escaped.
  return `${escaped.slice(0, 64)}%h${createHash("sha256").update(escaped).digest("hex").slice(0, 40)}`;
}

/** The key of an agent's main session. */
export function mainSessionKey(agentId: string, mainKey = "main"): string {
  return `agent:${agentIdOf(agentId)}:${keyPart(mainKey)}`;
}

/** Ids that belong to one person: a name of the owner's choice, and `<channel>:<id>` or plain ids. */
export type IdentityLinks = Readonly<Record<string, readonly string[]>>;

/** Whom a direct session is with. */
export interface DirectPeer {
  readonly agentId: string;
  readonly channel: string;
  readonly accountId: string;
  readonly peerId: string;
}

/** The key of the session in which somebody's direct messages are answered. */
export function directSessionKey(
  peer: DirectPeer,
  rules: { readonly scope: DmScope; readonly mainKey?: string; readonly identityLinks?: IdentityLinks },
): string {
  const agent = `agent:${agentIdOf(peer.agentId)}`;
  const person = personPart(peer, rules.identityLinks ?? {});
  switch (rules.scope) {
    case "main":
      return mainSessionKey(peer.agentId, rules.mainKey);
    case "per-peer":
      return `${agent}:dm:${person}`;
    case "per-channel-peer":
      return `${agent}:${keyPart(peer.channel)}:dm:${person}`;
    case "per-account-channel-peer":
      return `${agent}:${keyPart(peer.channel)}:${keyPart(peer.accountId)}:dm:${person}`;
    default:
      return rules.scope satisfies never;
  }
}

function personPart({ channel, peerId }: DirectPeer, links: IdentityLinks): string {
  const id = peerId.trim().toLowerCase();
  const full = `${channel.toLowerCase()}:${id}`;
  for (const [name, ids] of Object.entries(links)) {
    if (ids.some((linked) => [id, full].includes(linked.trim().toLowerCase()))) return keyPart(name);
  }
  // Somebody whose id spells the name that an owner gave to another person isn't that person.
  const isSomebodysName = Object.keys(links).some((name) => keyPart(name) === keyPart(peerId));
  return isSomebodysName ? `%=${keyPart(peerId)}` : keyPart(peerId);
}

/** Where several people talk. */
export interface RoomPeer {
  readonly agentId: string;
  readonly channel: string;
  readonly kind: "group" | "channel";
  readonly id: string;
}

/** The key of a group's or a channel's session. */
export function roomSessionKey({ agentId, channel, id, kind }: RoomPeer): string {
  return `agent:${agentIdOf(agentId)}:${keyPart(channel)}:${kind}:${keyPart(id)}`;
}

/** The key of a topic (`topic`) or a thread inside a session. */
export function threadSessionKey(baseKey: string, threadId: string, word: "topic" | "thread" = "thread"): string {
  return `${baseKey}:${word}:${keyPart(threadId)}`;
}

/** How a session of this key is told apart in lists. */
export function sessionKindOf(key: string): SessionKind {
  if (key === "global" || key === "unknown") return key;
  return /:(?:group|channel):/.test(key) ? "group" : "direct";
}

/** Which rules for starting over apply to a session of this key. */
export function sessionTypeOf(key: string): SessionType {
  if (/:(?:thread|topic):/.test(key)) return "thread";
  return sessionKindOf(key) === "group" ? "group" : "dm";
}

/** Whether it is an agent's main session, which can't be deleted. */
export function isMainSessionKey(key: string, mainKey = "main"): boolean {
  return parseSessionKey(key)?.rest === keyPart(mainKey);
}

/** What a requested key stands for, or why it can't be one. */
export type ResolvedSessionKey =
  | { readonly ok: true; readonly key: string; readonly agentId: string }
  | { readonly ok: false; readonly reason: string };

/**
 * The complete key that a request means: a complete key as it is; `main` (or the configured main key) for the agent's main
 * session; anything else is a key of that agent.
 * @param rules `agentId` as the request named it, checked against the key; `defaultAgentId` when it named none
 */
export function resolveSessionKey(
  requested: string,
  rules: { readonly defaultAgentId: string; readonly mainKey?: string; readonly agentId?: string | undefined },
): ResolvedSessionKey {
  const text = requested.trim().toLowerCase();
  const mainKey = rules.mainKey ?? "main";
  if (text === "") return { ok: false, reason: "a session key can't be empty" };
  if (text.length > maxSessionKeyChars)
    return { ok: false, reason: `a session key has at most ${maxSessionKeyChars} characters` };
  if (/[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text))
    return { ok: false, reason: "a session key has no spaces and no control characters" };
  const named = rules.agentId === undefined ? undefined : agentIdOf(rules.agentId);
  const isComplete = text.startsWith("agent:") && text.split(":").length >= 3;
  if (!isComplete) {
    const agentId = named ?? agentIdOf(rules.defaultAgentId);
    if (text === "main" || text === keyPart(mainKey))
      return { ok: true, key: mainSessionKey(agentId, mainKey), agentId };
    return checked(`agent:${agentId}:${text}`, named);
  }
  const parsed = parseSessionKey(text);
  const isAlias = parsed !== undefined && parsed.rest === "main" && keyPart(mainKey) !== "main";
  return checked(isAlias ? mainSessionKey(parsed.agentId, mainKey) : text, named);
}

function checked(key: string, named: string | undefined): ResolvedSessionKey {
  const parsed = parseSessionKey(key);
  if (parsed === undefined)
    return {
      ok: false,
      reason: "not a session key: it reads main, agent:<agent>:<name>, or <name>, without empty parts",
    };
  if (named !== undefined && named !== parsed.agentId)
    return { ok: false, reason: `the session belongs to agent "${parsed.agentId}", not to "${named}"` };
  return { ok: true, key, agentId: parsed.agentId };
}
