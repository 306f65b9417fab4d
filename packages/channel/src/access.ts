import type { InboundEvent } from "./inbound.ts";
import type { AccountPolicy, GroupPolicyRow } from "./policy.ts";

/** Why something that came in has no effect. Counted and shown, so that nobody wonders why the bot is silent. */
export type DropReason =
  | "own-message"
  | "bot"
  | "no-sender"
  | "dm-disabled"
  | "dm-not-allowed"
  | "dm-backlog"
  | "group-not-listed"
  | "group-disabled"
  | "group-policy-disabled"
  | "group-sender-not-allowed"
  | "command-not-authorized"
  | "not-mentioned";

/** What follows from something that came in. */
export type AccessDecision =
  | {
      readonly do: "admit";
      /** Whether the sender may use commands here. */
      readonly commandAuthorized: boolean;
      /** Whether the owner named this very sender as himself. Never by `*` (rule R-45). */
      readonly isOwner: boolean;
      /** Whether it was addressed to us in a group. */
      readonly wasMentioned: boolean;
    }
  /** It isn't for us: kept as context for the next message that is. */
  | { readonly do: "context" }
  /** An unknown sender in a direct conversation: gets a code once, and nothing else happens. */
  | { readonly do: "pair" }
  | { readonly do: "drop"; readonly reason: DropReason };

/** Everything that an access decision rests on. */
export interface AccessInput {
  readonly event: InboundEvent;
  readonly policy: AccountPolicy;
  /** Ids that owners approved by code on this account. They count in direct conversations alone (rule R-41). */
  readonly approved: readonly string[];
  /** Ids that the owner named as himself on this channel. */
  readonly owners: readonly string[];
  /** Brings an id, or an entry of a list, into the one form in which they are compared; empty when it names nobody. */
  readonly normalize: (id: string) => string;
  /** Whether the text is a command for us. */
  readonly isCommand: boolean;
  /** Whether the text matches one of the agent's mention patterns. */
  readonly matchesPattern: boolean;
  /** What the session itself says about mentions, by `/activation`. */
  readonly activation?: "mention" | "always" | undefined;
  /** Whether lists also decide who may use commands. */
  readonly useAccessGroups: boolean;
}

/**
 * The one gate: whoever wrote, pressed, edited, reacted or joined, on whatever channel, passes here and nowhere else
 * (rule R-45). Pure. What isn't allowed is denied; an empty list denies; an id that names nobody matches nothing.
 */
export function decideAccess(input: AccessInput): AccessDecision {
  const { event, policy } = input;
  if (event.kind === "migration") return admitMigration(input);
  if (event.sender.isSelf) return drop("own-message");
  if (event.sender.isBot && !policy.allowBots) return drop("bot");
  const sender = senderIds(input);
  if (sender.length === 0) return drop("no-sender");
  return event.conversation.kind === "direct" ? decideDirect(input, sender) : decideGroup(input, sender);
}

function decideDirect(input: AccessInput, sender: readonly string[]): AccessDecision {
  const { event, policy } = input;
  if (policy.dmPolicy === "disabled") return drop("dm-disabled");
  const isNamed = isListed(sender, policy.allowFrom, input) || isListedById(sender, input.approved, input.normalize);
  const isAllowed = isNamed || hasWildcard(policy.allowFrom);
  if (isAllowed) return admit(input, sender, true, true);
  if (policy.dmPolicy !== "pairing") return drop("dm-not-allowed");
  // Only a person who writes now is answered: not a reaction, and not what waited while we weren't there.
  if (event.kind !== "message" && event.kind !== "command") return drop("dm-not-allowed");
  return event.isBacklog ? drop("dm-backlog") : { do: "pair" };
}

function decideGroup(input: AccessInput, sender: readonly string[]): AccessDecision {
  const { event, policy } = input;
  const rows = groupRows(policy, event.conversation.id, event.conversation.threadId);
  if (rows === undefined) return drop("group-not-listed");
  if (policy.groupPolicy === "disabled") return drop("group-policy-disabled");
  const list = firstOf(rows, "allowFrom") ?? policy.groupAllowFrom ?? policy.allowFrom;
  const isListedHere = isListed(sender, list, input) || hasWildcard(list);
  if (policy.groupPolicy === "allowlist" && !isListedHere) return drop("group-sender-not-allowed");
  if (isSwitchedOff(policy, event.conversation)) return drop("group-disabled");
  const mayCommand = !input.useAccessGroups || isListedHere;
  if (event.kind === "command") {
    return mayCommand ? admit(input, sender, true, true) : drop("command-not-authorized");
  }
  if (event.kind !== "message") return admit(input, sender, mayCommand, false);
  // Bots that hear everything in a group hear the commands of the others, too.
  if (event.mentions.isForAnother) return { do: "context" };
  const { canDetect, explicit, implicit, any } = event.mentions;
  const wasMentioned = explicit || implicit || (input.matchesPattern && !(any && !explicit && canDetect));
  const requireMention =
    input.activation === undefined ? (firstOf(rows, "requireMention") ?? true) : input.activation === "mention";
  // Among people, a word such as "wait" is a command for us only when it is said to us.
  const isCommand = input.isCommand && (wasMentioned || !requireMention || event.text.trimStart().startsWith("/"));
  if (isCommand && !mayCommand) return drop("command-not-authorized");
  const bypasses = isCommand && !any;
  // A platform that can't tell mentions, and an agent without a pattern: nothing could ever be for us.
  if (requireMention && !wasMentioned && !bypasses) return { do: "context" };
  return admit(input, sender, mayCommand, wasMentioned);
}

/** A group that moves takes its settings along, if it has any here. Nobody in particular did it. */
function admitMigration({ event, policy }: AccessInput): AccessDecision {
  const isKnown = groupRows(policy, event.conversation.id, undefined) !== undefined;
  if (!isKnown) return drop("group-not-listed");
  return { do: "admit", commandAuthorized: false, isOwner: false, wasMentioned: false };
}

function admit(
  input: AccessInput,
  sender: readonly string[],
  mayCommand: boolean,
  wasMentioned: boolean,
): AccessDecision {
  return {
    do: "admit",
    commandAuthorized: mayCommand,
    isOwner: isListedById(sender, input.owners, input.normalize),
    wasMentioned,
  };
}

/** The settings that hold in a conversation, most specific first; undefined when groups are listed and this one isn't. */
export function groupRows(
  policy: Pick<AccountPolicy, "groups">,
  groupId: string,
  threadId: string | undefined,
): readonly Omit<GroupPolicyRow, "topics">[] | undefined {
  const { groups } = policy;
  const own = Object.hasOwn(groups, groupId) ? groups[groupId] : undefined;
  const everywhere = Object.hasOwn(groups, "*") ? groups["*"] : undefined;
  if (own === undefined && everywhere === undefined) return Object.keys(groups).length === 0 ? [] : undefined;
  const rows: Omit<GroupPolicyRow, "topics">[] = [];
  for (const row of [own, everywhere]) {
    if (row === undefined) continue;
    if (threadId !== undefined && row.topics !== undefined && Object.hasOwn(row.topics, threadId)) {
      const topic = row.topics[threadId];
      if (topic !== undefined) rows.push(topic);
    }
    rows.push(row);
  }
  return rows;
}

/** Whether a group or a topic in it is switched off. What is set for the group itself counts before what is set for all. */
function isSwitchedOff(policy: AccountPolicy, { id, threadId }: { id: string; threadId?: string }): boolean {
  const rows = [id, "*"].flatMap((key) => (Object.hasOwn(policy.groups, key) ? [policy.groups[key]] : []));
  const topics = rows.map((row) =>
    threadId !== undefined && row?.topics !== undefined && Object.hasOwn(row.topics, threadId)
      ? row.topics[threadId]
      : undefined,
  );
  return [rows, topics].some((level) => level.find((row) => row?.enabled !== undefined)?.enabled === false);
}

function firstOf<K extends "allowFrom" | "requireMention">(
  rows: readonly Omit<GroupPolicyRow, "topics">[],
  key: K,
): GroupPolicyRow[K] | undefined {
  return rows.find((row) => row[key] !== undefined)?.[key];
}

/** Every id under which the sender is known here, in the form in which ids are compared. */
function senderIds({ event, normalize }: AccessInput): readonly string[] {
  const { id, alsoIds = [] } = event.sender;
  return [id, ...alsoIds].map(normalize).filter((one) => one !== "" && one !== "*");
}

function isListed(
  sender: readonly string[],
  list: readonly string[],
  { event, normalize, policy }: Pick<AccessInput, "event" | "normalize" | "policy">,
): boolean {
  if (isListedById(sender, list, normalize)) return true;
  if (!policy.dangerouslyMatchNames) return false;
  const names = [event.sender.username ?? "", event.sender.name ?? ""].map(plainName).filter((name) => name !== "");
  return list.some((entry) => names.includes(plainName(entry)));
}

/** `*` and what names nobody match nothing here: who is let in by `*` is never let in as himself. */
function isListedById(sender: readonly string[], list: readonly string[], normalize: (id: string) => string): boolean {
  return list.map(normalize).some((entry) => entry !== "" && entry !== "*" && sender.includes(entry));
}

const plainName = (name: string): string => name.trim().replace(/^@/, "").toLowerCase();

const hasWildcard = (list: readonly string[]): boolean => list.some((entry) => entry.trim() === "*");

const drop = (reason: DropReason): AccessDecision => ({ do: "drop", reason });
