import type { Requirement } from "./requirement.ts";

/** What is promised about messages between people and their agents, whatever fails in between. */
export const DELIVERY_REQUIREMENTS: readonly Requirement[] = [
  {
    id: "delivery:kill",
    source: "README.md",
    behaviour:
      "While the gateway is killed again and again, every message that was accepted is answered exactly once, in order within its conversation, and each turn stands in the history once.",
  },
  {
    id: "delivery:kill-mutants",
    source: "README.md",
    behaviour: "Gateways that are wrong in one way are caught by the same comparison after a few kills.",
  },
  {
    id: "delivery:stop",
    source: "README.md",
    behaviour: "A gateway that is told to stop while it answers loses nothing and says nothing twice.",
  },
  {
    id: "delivery:platform-down",
    source: "packages/channel/README.md",
    behaviour:
      "While a platform can't be reached what came in waits, other chats go on, and afterwards everything is answered once.",
  },
  {
    id: "delivery:unheard",
    source: "packages/channel/README.md",
    behaviour: "A send that failed before or after it was carried out, or was cut, is shown once in the end.",
  },
  {
    id: "delivery:retry-after",
    source: "packages/channel/README.md",
    behaviour:
      "After a platform said to wait, nothing is sent to anybody before that time is over, and nothing is lost.",
  },
  {
    id: "delivery:clock-set-back",
    source: "packages/channel/README.md",
    behaviour: "A clock that is set back holds up neither what waits for its next try nor what comes after.",
  },
  {
    id: "delivery:conflict",
    source: "docs/channels.md",
    behaviour:
      "While another program polls with the same token its owner is told so, other chats go on, and everything is answered when it stops.",
  },
  {
    id: "delivery:repeats",
    source: "packages/channel/README.md",
    behaviour: "What comes twice, out of order or malformed is answered once, in order, or set aside and counted.",
  },
  {
    id: "delivery:model-fails",
    source: "packages/agent/README.md",
    behaviour:
      "A model that hangs, breaks off or answers nonsense ends the run once, with a plain notice and nothing raw in the chat.",
  },
  {
    id: "delivery:database-locked",
    source: "packages/store/README.md",
    behaviour: "While another process holds the database for some seconds, what comes in waits and is answered once.",
  },
  {
    id: "delivery:disk-full",
    source: "packages/store/README.md",
    behaviour:
      "While nothing can be written nothing is acknowledged: messages stay with their platform and are answered when there is room.",
  },
  {
    id: "delivery:bounded",
    source: "packages/channel/README.md",
    behaviour: "After mixed traffic nothing of it is left in memory: every queue is empty again.",
  },
];
