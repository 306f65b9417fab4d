import type { Requirement } from "./requirement.ts";

/** What is promised about chat channels, whichever they are. */
export const CHANNEL_REQUIREMENTS: readonly Requirement[] = [
  {
    id: "R-41",
    source: "docs/security.md",
    behaviour: "An approved sender is approved for direct messages only, never for groups.",
  },
  {
    id: "R-45",
    source: "docs/security.md",
    behaviour: "Every kind of event passes the same gate; a wildcard never makes an owner.",
  },
  {
    id: "channels:access",
    source: "docs/security.md R-45",
    behaviour:
      "One pure decision for every event: who is on no list gets in nowhere, unless its owner opened it to everybody.",
  },
  {
    id: "channels:mention",
    source: "packages/channel/README.md",
    behaviour: "In a group a message without a mention is context for the next one that is for us.",
  },
  {
    id: "channels:mention-patterns",
    source: "packages/channel/README.md",
    behaviour:
      "An agent is called by its patterns or its name, as a word of its own, whatever invisible characters stand in it.",
  },
  {
    id: "channels:chunking",
    source: "packages/channel/README.md",
    behaviour: "A long text is cut where it reads best, never inside a code block, and nothing of it is lost.",
  },
  {
    id: "channels:inbox-once",
    source: "packages/channel/README.md",
    behaviour: "Each event is taken once, whatever a platform repeats and however often the gateway restarts.",
  },
  {
    id: "channels:inbox-durable",
    source: "packages/channel/README.md",
    behaviour: "What was accepted is on the disk with its cursor before the platform is told.",
  },
  {
    id: "channels:inbox-full",
    source: "packages/channel/README.md",
    behaviour: "A full inbox refuses the whole batch and keeps what it had.",
  },
  {
    id: "channels:inbox-aside",
    source: "packages/channel/README.md",
    behaviour: "What is too large or malformed is set aside, bounded, and holds nothing up.",
  },
  {
    id: "channels:inbox-attempts",
    source: "packages/channel/README.md",
    behaviour: "A message is tried a bounded number of times before it is set aside.",
  },
  {
    id: "channels:inbox-context",
    source: "packages/channel/README.md",
    behaviour: "Context of groups is bounded and makes room for what waits.",
  },
  {
    id: "channels:inbox-sweep",
    source: "packages/channel/README.md",
    behaviour: "Ids of the past are remembered for their time and at most so many.",
  },
  {
    id: "channels:inbox-order",
    source: "packages/channel/README.md",
    behaviour: "What waits keeps its order within its conversation.",
  },
  {
    id: "channels:gathering",
    source: "packages/channel/README.md",
    behaviour: "Albums, texts that a platform cut and quick messages are put together within bounds.",
  },
  {
    id: "channels:reception",
    source: "packages/channel/README.md",
    behaviour: "Conversations are served in order, several at once, and stopping leaves nothing behind.",
  },
  {
    id: "channels:reception-poison",
    source: "packages/channel/README.md",
    behaviour: "What can't be dealt with is tried with growing pauses and set aside; others go on.",
  },
  {
    id: "channels:outbox-order",
    source: "packages/channel/README.md",
    behaviour: "Messages of a conversation go in order, and no conversation holds up another.",
  },
  { id: "channels:outbox-once", source: "packages/channel/README.md", behaviour: "A key is one delivery." },
  {
    id: "channels:outbox-rate",
    source: "packages/channel/README.md",
    behaviour: "A wait that the platform asks for holds for the whole account to the millisecond, over restarts too.",
  },
  {
    id: "channels:outbox-backoff",
    source: "packages/channel/README.md",
    behaviour: "Pauses between attempts grow and survive restarts.",
  },
  {
    id: "channels:outbox-clock",
    source: "packages/channel/README.md",
    behaviour: "A clock that is set back holds no message up.",
  },
  {
    id: "channels:outbox-unknown",
    source: "packages/channel/README.md",
    behaviour: "What nobody heard of is found out and never blindly sent again.",
  },
  {
    id: "channels:outbox-noted",
    source: "packages/channel/README.md",
    behaviour: "No attempt is made that isn't noted, and none that was made is forgotten.",
  },
  {
    id: "channels:outbox-expiry",
    source: "packages/channel/README.md",
    behaviour: "What can't be sent in its time is a dead letter that says why, for its owner to send again or give up.",
  },
  {
    id: "channels:outbox-auth",
    source: "packages/channel/README.md",
    behaviour: "Refused credentials end all attempts and lose nothing.",
  },
  {
    id: "channels:outbox-file",
    source: "packages/channel/README.md",
    behaviour: "A file that is gone makes a dead letter, and what is behind it goes on.",
  },
  {
    id: "channels:outbox-stop",
    source: "packages/channel/README.md",
    behaviour: "Stopping lets what is on its way finish, and cuts what doesn't.",
  },
  {
    id: "channels:live-text",
    source: "packages/channel/README.md",
    behaviour: "A text that grows ends as it shall be, once, wherever it is finished.",
  },
  {
    id: "channels:delivery-walk",
    source: "packages/channel/README.md",
    behaviour: "Through any failures every text ends visible once and in order, or is a dead letter that says why.",
  },
  { id: "channels:pace", source: "packages/channel/README.md", behaviour: "An account keeps its platform's pace." },
  {
    id: "channels:backoff",
    source: "packages/channel/README.md",
    behaviour: "Pauses grow by their factor up to their bound.",
  },
  {
    id: "channels:after-attempt",
    source: "packages/channel/README.md",
    behaviour: "What follows from a failed attempt is decided by its kind alone.",
  },
  {
    id: "channels:keeper",
    source: "packages/channel/README.md",
    behaviour: "An account runs, says why it doesn't, and can be probed.",
  },
  {
    id: "channels:keeper-restart",
    source: "packages/channel/README.md",
    behaviour: "An account that fails is started again with growing pauses.",
  },
  {
    id: "channels:keeper-auth",
    source: "packages/channel/README.md",
    behaviour: "An account whose credentials are refused stops and says what mends it.",
  },
  {
    id: "channels:keeper-stop",
    source: "packages/channel/README.md",
    behaviour: "An account stops within fifteen seconds, and never has two connections.",
  },
  {
    id: "channels:media-shelf",
    source: "packages/channel/README.md",
    behaviour: "Files lie under names of ours, bounded, and open to nobody else.",
  },
];
