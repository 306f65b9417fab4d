import type { Requirement } from "./requirement.ts";

/** What is promised about conversations as clients and chats see them. */
export const GATEWAY_CHAT_REQUIREMENTS: readonly Requirement[] = [
  {
    id: "chat:send",
    source: "docs/protocol.md",
    behaviour:
      "What is said is acknowledged with its run, streams in the words of the client's revision, and ends with one final message.",
  },
  {
    id: "chat:events",
    source: "docs/protocol.md",
    behaviour: "A run tells its start, what it says and its end as agent events too.",
  },
  {
    id: "chat:abort",
    source: "docs/protocol.md",
    behaviour: "Runs are ended by a method or by a word, with one aborted event, and it is said which.",
  },
  {
    id: "chat:failure",
    source: "docs/protocol.md",
    behaviour: "A model that fails ends its run with one error that says what is wrong.",
  },
  {
    id: "chat:history",
    source: "docs/protocol.md",
    behaviour: "History is what was said, bounded by number and bytes, and a cursor brings what is new.",
  },
  {
    id: "chat:inject",
    source: "docs/protocol.md",
    behaviour: "What is injected stands in the transcript, is told as an event, and no model sees it.",
  },
  {
    id: "chat:once",
    source: "docs/protocol.md",
    behaviour: "An idempotency key that comes again is the same run, also for the next process.",
  },
  {
    id: "chat:resumed",
    source: "docs/protocol.md",
    behaviour: "What was acknowledged before a gateway ended is answered by the next one.",
  },
  {
    id: "chat:listeners",
    source: "docs/protocol.md",
    behaviour: "Every client that may read hears a run, and nobody else does.",
  },
  {
    id: "chat:scopes",
    source: "docs/protocol.md",
    behaviour: "A client without the scope of a conversation's method changes nothing.",
  },
  {
    id: "chat:refused",
    source: "docs/protocol.md",
    behaviour: "What can't be taken is refused and never acknowledged.",
  },
  {
    id: "chat:stranger",
    source: "docs/security.md R-41",
    behaviour:
      "A stranger is told one code and nothing else happens until an owner lets him in, on that account, for direct messages.",
  },
  {
    id: "chat:live",
    source: "packages/channel/README.md",
    behaviour: "An answer grows in one message of the chat, and typing is shown meanwhile.",
  },
  {
    id: "chat:once-in",
    source: "packages/channel/README.md",
    behaviour: "What a platform brings twice is answered once, also by the next gateway.",
  },
  {
    id: "chat:full",
    source: "packages/channel/README.md",
    behaviour: "While too much waits a message stays in the inbox, and is answered when there is room.",
  },
  {
    id: "chat:media-in",
    source: "packages/channel/README.md",
    behaviour: "Pictures are seen by the model; what isn't one, or is too large, is named, and the message counts.",
  },
  {
    id: "chat:malformed",
    source: "packages/channel/README.md",
    behaviour: "An update that makes no sense is set aside and counted, and the others go on.",
  },
  {
    id: "chat:groups",
    source: "packages/channel/README.md",
    behaviour: "In a group only what is addressed to us is answered; a topic has its own session.",
  },
  {
    id: "chat:commands",
    source: "packages/agent/README.md",
    behaviour: "Commands are answered at once and without a model, to whoever may give them.",
  },
  {
    id: "chat:model-fails",
    source: "packages/agent/README.md",
    behaviour:
      "A model that fails ends a run once; guests are told so in words that say nothing of the house, the owner what to mend.",
  },
  {
    id: "chat:agent",
    source: "docs/protocol.md",
    behaviour:
      "A task is accepted at once and answered when it is over, or refused with a name before anything begins.",
  },
  {
    id: "chat:wait",
    source: "docs/protocol.md",
    behaviour: "Waiting for a run tells its end, waits no longer than asked, and knows runs of an earlier process.",
  },
  {
    id: "chat:agents",
    source: "docs/protocol.md",
    behaviour: "Agents and models are listed as they are configured.",
  },
  {
    id: "chat:built-in",
    source: "packages/agent/README.md",
    behaviour: "Without a model the gateway answers of itself, and of the house to its owner alone.",
  },
  {
    id: "chat:sessions",
    source: "docs/protocol.md",
    behaviour:
      "Sessions are listed, found, changed, reset, compacted and deleted; what isn't there or may not be is refused by name.",
  },
  {
    id: "chat:many-sessions",
    source: "packages/agent/README.md",
    behaviour: "Ten thousand sessions are counted, and shown by pages.",
  },
  {
    id: "chat:webhook",
    source: "docs/channels.md",
    behaviour:
      "A webhook takes only what its secret proves to come from the platform, at its own path; what came while nobody listened comes later, once.",
  },
  {
    id: "chat:menu",
    source: "docs/channels.md",
    behaviour: "A channel with a menu shows the commands of chats there.",
  },
  {
    id: "chat:glance",
    source: "docs/channels.md",
    behaviour:
      "Health and status tell channels, agents and sessions as they are; a channel that is logged out or deaf, and a database that can't be used, are problems that the owner is told.",
  },
  {
    id: "chat:sending",
    source: "packages/channel/README.md",
    behaviour:
      "What is sent without an agent stands in the chat once, also for a repeated key after a restart; what nobody can send is refused with a name.",
  },
  {
    id: "chat:polls",
    source: "packages/channel/README.md",
    behaviour: "A poll is sent where there are polls and refused clearly where there are none.",
  },
  {
    id: "chat:dead-letters",
    source: "packages/channel/README.md",
    behaviour: "What a platform refuses is listed, tried again or thrown away; what waits is kept over a restart.",
  },
  {
    id: "chat:shown-stays",
    source: "packages/channel/README.md",
    behaviour: "What was shown of an answer that is stopped stays as it is, also over a restart.",
  },
  {
    id: "chat:accounts",
    source: "packages/channel/README.md",
    behaviour:
      "An account is stopped, started and logged out, and says whether it is connected, deaf or logged out and how to mend it.",
  },
  {
    id: "chat:reference-client",
    source: "docs/protocol.md",
    behaviour: "An independent client talks with an agent in its revision: it sends, hears, reads back and stops.",
  },
  {
    id: "chat:node-words",
    source: "docs/nodes.md",
    behaviour:
      "What a node says reaches the agent of the session that it names, or of its own; its answer is sent to the chat that the session is spoken to from when it asks for that, and never to one of the node's choice.",
  },
  {
    id: "chat:moved-group",
    source: "docs/channels.md",
    behaviour:
      "A group that gets a new id keeps its settings: at once in memory, and in the configuration unless `configWrites` is off.",
  },
  {
    id: "config:moved-group",
    source: "docs/configuration.md",
    behaviour: "What is written about a group goes along to its new id; what is written there already stays.",
  },
];
