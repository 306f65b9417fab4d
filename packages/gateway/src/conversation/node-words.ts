import { type ThinkingLevel, thinkingLevelOf } from "@saltgate/agent";
import { given } from "../given.ts";

/** Longest message of a node, in characters. */
const maxChars = 20_000;
const maxKeyChars = 128;
const maxSeconds = 86_400;

/** What a node says to an agent. */
export interface NodeWords {
  readonly text: string;
  /** The session, by what the node calls it. */
  readonly session: string;
  /** The node's own name for it: a repeat says nothing new. */
  readonly key?: string;
  readonly thinking?: ThinkingLevel;
  readonly timeoutMs?: number;
  /** Whether the answer is sent to the chat that the session was last spoken to from, besides being told. */
  readonly isToBeSent: boolean;
}

/**
 * Reads what a node says to an agent: `voice.transcript`, what somebody said to it, and `agent.request`, what it asks by itself.
 * Pure. @returns why it makes no sense, in words, when it doesn't
 */
export function nodeWordsOf(
  event: "voice.transcript" | "agent.request",
  payload: unknown,
  nodeId: string,
): NodeWords | string {
  const said = fieldsOf(payload);
  const isVoice = event === "voice.transcript";
  const text = textOf(said[isVoice ? "text" : "message"]);
  if (text === undefined) return "the payload has no text";
  if (text.length > maxChars) return `the text has more than ${maxChars} characters`;
  const key = textOf(said["key"]);
  if (key !== undefined && key.length > maxKeyChars) return `the key has more than ${maxKeyChars} characters`;
  const session = textOf(said["sessionKey"]);
  if (isVoice) return { text, session: session ?? "main", thinking: "low", isToBeSent: false, ...given({ key }) };
  const level = textOf(said["thinking"]);
  const thinking = level === undefined ? undefined : thinkingLevelOf(level);
  if (level !== undefined && thinking === undefined) return "the payload's thinking is no level of it";
  const { to, channel, deliver, timeoutSeconds } = said;
  const seconds = typeof timeoutSeconds === "number" && timeoutSeconds > 0 ? timeoutSeconds : undefined;
  const isToBeSent = deliver === true;
  // A node is a device and no owner: it doesn't write to whom it likes in the owner's name.
  if (isToBeSent && (textOf(to) !== undefined || textOf(channel) !== undefined))
    return "a node can't choose where an answer is sent: leave to and channel out, and name a session that is spoken to from there";
  const timeoutMs = seconds === undefined ? undefined : Math.min(seconds, maxSeconds) * 1_000;
  return { text, session: session ?? `node-${nodeId}`, isToBeSent, ...given({ key, thinking, timeoutMs }) };
}

/** What a node sent, whatever it is. */
export function fieldsOf(payload: unknown): Readonly<Record<string, unknown>> {
  return typeof payload === "object" && payload !== null ? (payload as Readonly<Record<string, unknown>>) : {};
}

/** A text that isn't empty. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}
