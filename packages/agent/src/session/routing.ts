import { agentIdOf } from "./agent-id.ts";
import {
  type DmScope,
  directSessionKey,
  type IdentityLinks,
  mainSessionKey,
  roomSessionKey,
  threadSessionKey,
} from "./session-key.ts";

/** Which messages an agent answers. What is left out matches everything, but for `accountId`. */
export interface AgentBinding {
  readonly agentId: string;
  readonly match: {
    readonly channel: string;
    /** Left out: the channel's default account alone; `*`: every account. */
    readonly accountId?: string | undefined;
    readonly peer?: { readonly kind: "dm" | "group" | "channel"; readonly id: string } | undefined;
    /** The server that it is in. */
    readonly guildId?: string | undefined;
    /** The workspace that it is in. */
    readonly teamId?: string | undefined;
  };
}

/** Where something was said, and by whom: the platform's own ids. */
export interface RouteQuestion {
  readonly channel: string;
  readonly accountId: string;
  /** Whether that is the channel's default account. */
  readonly isDefaultAccount: boolean;
  readonly conversation: {
    readonly kind: "direct" | "group" | "channel";
    readonly id: string;
    readonly threadId?: string | undefined;
    readonly spaceId?: string | undefined;
    /** Of a thread that is a conversation of its own: where it branched off. */
    readonly parentId?: string | undefined;
  };
  readonly senderId: string;
}

/** What decides over routes. */
export interface RouteRules {
  readonly bindings: readonly AgentBinding[];
  readonly defaultAgentId: string;
  readonly dmScope: DmScope;
  readonly mainKey: string;
  readonly identityLinks: IdentityLinks;
}

/** Which rule chose the agent. */
export type RouteMatch =
  | "binding.peer"
  | "binding.guild"
  | "binding.team"
  | "binding.account"
  | "binding.channel"
  | "default";

/** Who answers, and in which session. */
export interface Route {
  /** May be one that isn't configured: nobody answers then, rather than somebody else. */
  readonly agentId: string;
  readonly sessionKey: string;
  /** The session that belongs to the same place, when this one is a thread of it. */
  readonly parentSessionKey: string | undefined;
  readonly mainSessionKey: string;
  readonly matchedBy: RouteMatch;
}

/** Channels whose groups have topics rather than threads. */
const topicChannels: ReadonlySet<string> = new Set(["telegram"]);

/**
 * Who answers something, and in which session. The most exact binding wins, and among equals the first: the very
 * conversation, its server, its workspace, its account, its channel; else the default agent.
 */
export function routeTo(question: RouteQuestion, rules: RouteRules): Route {
  const { agentId, matchedBy } = chooseAgent(question, rules);
  const { accountId, channel, conversation, senderId } = question;
  const isDirect = conversation.kind === "direct";
  const base = isDirect
    ? directSessionKey(
        { agentId, channel, accountId, peerId: senderId || conversation.id },
        { scope: rules.dmScope, mainKey: rules.mainKey, identityLinks: rules.identityLinks },
      )
    : roomSessionKey({
        agentId,
        channel,
        kind: conversation.kind === "group" ? "group" : "channel",
        id: conversation.id,
      });
  const word = !isDirect && topicChannels.has(channel.toLowerCase()) ? "topic" : "thread";
  const { threadId } = conversation;
  const parent =
    threadId !== undefined
      ? base
      : conversation.parentId !== undefined && !isDirect
        ? roomSessionKey({ agentId, channel, kind: "channel", id: conversation.parentId })
        : undefined;
  return {
    agentId,
    sessionKey: threadId === undefined ? base : threadSessionKey(base, threadId, word),
    parentSessionKey: parent,
    mainSessionKey: mainSessionKey(agentId, rules.mainKey),
    matchedBy,
  };
}

function chooseAgent(
  { accountId, channel, conversation, isDefaultAccount, senderId }: RouteQuestion,
  { bindings, defaultAgentId }: RouteRules,
): Pick<Route, "agentId" | "matchedBy"> {
  const mine = bindings.filter(({ match }) => {
    if (match.channel.trim().toLowerCase() !== channel.toLowerCase()) return false;
    const account = match.accountId?.trim();
    return account === undefined || account === "" ? isDefaultAccount : account === "*" || same(account, accountId);
  });
  const peerKind = conversation.kind === "direct" ? "dm" : conversation.kind;
  const peerIds =
    conversation.kind === "direct" ? [senderId, conversation.id] : [conversation.id, conversation.parentId];
  const isPlain = ({ match }: AgentBinding) =>
    match.peer === undefined && match.guildId === undefined && match.teamId === undefined;
  const levels: readonly (readonly [RouteMatch, (binding: AgentBinding) => boolean])[] = [
    ...peerIds.map(
      (id) =>
        [
          "binding.peer",
          ({ match }: AgentBinding) => match.peer?.kind === peerKind && id !== undefined && same(match.peer.id, id),
        ] as const,
    ),
    ["binding.guild", ({ match }) => isIn(match.guildId, match, conversation.spaceId)],
    ["binding.team", ({ match }) => isIn(match.teamId, match, conversation.spaceId)],
    ["binding.account", (binding) => isPlain(binding) && binding.match.accountId?.trim() !== "*"],
    ["binding.channel", (binding) => isPlain(binding) && binding.match.accountId?.trim() === "*"],
  ];
  for (const [matchedBy, fits] of levels) {
    const binding = mine.find(fits);
    if (binding !== undefined) return { agentId: agentIdOf(binding.agentId), matchedBy };
  }
  return { agentId: agentIdOf(defaultAgentId), matchedBy: "default" };
}

function isIn(space: string | undefined, match: AgentBinding["match"], spaceId: string | undefined): boolean {
  return space !== undefined && match.peer === undefined && spaceId !== undefined && same(space, spaceId);
}

/** Ids are compared without case, as keys are. An empty one matches nothing (rule R-42). */
function same(a: string, b: string): boolean {
  return a.trim() !== "" && a.trim().toLowerCase() === b.trim().toLowerCase();
}
