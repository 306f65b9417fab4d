import type { Requirement } from "./requirement.ts";

/** What is promised about sessions, and about the runs that answer in them. */
export const CONVERSATION_REQUIREMENTS: readonly Requirement[] = [
  {
    id: "sessions:keys",
    source: "packages/agent/README.md",
    behaviour: "Keys have the documented forms, lower case and bounded, and requests are resolved to them.",
  },
  {
    id: "sessions:own-key",
    source: "packages/agent/README.md",
    behaviour: "No key of one peer is another's, whatever characters their ids have.",
  },
  {
    id: "sessions:routing",
    source: "packages/agent/README.md",
    behaviour: "The most exact binding decides who answers, and among equals the first; else the default agent.",
  },
  {
    id: "sessions:list",
    source: "packages/agent/README.md",
    behaviour: "Sessions are listed newest first, as the wire shows them.",
  },
  {
    id: "sessions:patch",
    source: "packages/agent/README.md",
    behaviour: "A label is unique, null takes a setting back, and a wrong value changes nothing.",
  },
  {
    id: "sessions:resolve",
    source: "packages/agent/README.md",
    behaviour: "Exactly one session is meant, or it is said why not.",
  },
  {
    id: "sessions:reset",
    source: "packages/agent/README.md",
    behaviour: "Starting over gives a fresh transcript and puts the old one aside.",
  },
  {
    id: "sessions:delete",
    source: "packages/agent/README.md",
    behaviour: "A session can be deleted, the main one never.",
  },
  {
    id: "sessions:compact",
    source: "packages/agent/README.md",
    behaviour: "Compacting keeps the last messages and puts the others aside.",
  },
  {
    id: "sessions:history",
    source: "packages/agent/README.md",
    behaviour: "History is the newest within a number and a size; what doesn't fit isn't read.",
  },
  {
    id: "sessions:preview",
    source: "packages/agent/README.md",
    behaviour: "A preview is some last lines of at most 64 sessions.",
  },
  {
    id: "sessions:inject",
    source: "packages/agent/README.md",
    behaviour: "A message can be put into a session that exists, and models don't see it.",
  },
  {
    id: "sessions:many",
    source: "packages/agent/README.md",
    behaviour: "Ten thousand sessions are listed by an index, and what isn't shown isn't read.",
  },
  {
    id: "sessions:retention",
    source: "packages/agent/README.md",
    behaviour: "What is kept of the past is bounded by number, size and age.",
  },
  {
    id: "sessions:stale",
    source: "packages/agent/README.md",
    behaviour: "A conversation starts over after its day or its silence.",
  },
  {
    id: "sessions:send-policy",
    source: "packages/agent/README.md",
    behaviour: "What a session set wins over rules; a rule that denies wins over those that allow.",
  },
  {
    id: "runs:one-ending",
    source: "packages/agent/README.md",
    behaviour: "A turn is answered, streamed, written down and delivered once, and nothing of it stays in memory.",
  },
  {
    id: "runs:survive-kill",
    source: "packages/agent/README.md",
    behaviour:
      "Killed at any moment, again and again, each accepted turn comes to one end with one reply, in the order of its session.",
  },
  { id: "runs:idempotent", source: "packages/agent/README.md", behaviour: "A run id that is known changes nothing." },
  {
    id: "runs:with-its-transaction",
    source: "packages/agent/README.md",
    behaviour: "A turn is accepted with the transaction of its caller, or not at all.",
  },
  {
    id: "runs:tools",
    source: "packages/agent/README.md",
    behaviour: "Tool calls go on side by side where they may, and every call gets a result that is on the disk.",
  },
  {
    id: "runs:one-per-session",
    source: "packages/agent/README.md",
    behaviour: "A session has one run at a time, in order.",
  },
  {
    id: "runs:collect",
    source: "packages/agent/README.md",
    behaviour: "What was said while it was busy is answered together, and each turn ends.",
  },
  {
    id: "runs:steer",
    source: "packages/agent/README.md",
    behaviour: "A message joins a run between two steps, and only one of the same authority.",
  },
  {
    id: "runs:abort",
    source: "packages/agent/README.md",
    behaviour: "What runs and waits in a session can be ended for good.",
  },
  {
    id: "runs:failures",
    source: "packages/agent/README.md",
    behaviour: "A backend that throws, breaks off, is silent or makes no sense ends its run with one clear error.",
  },
  {
    id: "runs:failover",
    source: "packages/agent/README.md",
    behaviour: "Another model answers as long as nothing was shown; one that failed is left alone for a growing while.",
  },
  {
    id: "runs:timeout",
    source: "packages/agent/README.md",
    behaviour: "A run that takes too long is ended, and says so.",
  },
  {
    id: "runs:shape",
    source: "packages/agent/README.md",
    behaviour: "Tags, files and the word for nothing are taken out of what people see, also while it is streamed.",
  },
  {
    id: "runs:limits",
    source: "packages/agent/README.md",
    behaviour: "What an agent or a sender may use up is enforced before a run begins.",
  },
  {
    id: "runs:restart",
    source: "packages/agent/README.md",
    behaviour: "What waited or ran is taken up by the next start; a call without a result is told to be unknown.",
  },
  { id: "runs:drain", source: "packages/agent/README.md", behaviour: "Draining lets runs end and begins none." },
  {
    id: "runs:commands",
    source: "packages/agent/README.md",
    behaviour: "Commands are answered at once, without a model, and only to those who may.",
  },
  {
    id: "runs:send-policy",
    source: "packages/agent/README.md",
    behaviour: "Where sending is denied an answer stays in the transcript.",
  },
  {
    id: "runs:built-in",
    source: "packages/agent/README.md",
    behaviour: "Without a model, answers say so and how to connect one; the house's facts are its owner's alone.",
  },
  {
    id: "runs:bounded",
    source: "packages/agent/README.md",
    behaviour: "Too much at once is refused before it is written down.",
  },
  {
    id: "runs:unknown-agent",
    source: "packages/agent/README.md",
    behaviour: "Where an agent that isn't configured is bound nobody answers, rather than another agent.",
  },
  {
    id: "runs:queue-walk",
    source: "packages/agent/README.md",
    behaviour:
      "In every reachable state of a small world one run goes on at most, nobody's words join another's run, and no turn is forgotten.",
  },
  {
    id: "runs:queue-walk-mutants",
    source: "packages/agent/README.md",
    behaviour: "The walk catches queues that are wrong in one way.",
  },
  {
    id: "runs:untrusted",
    source: "packages/agent/README.md",
    behaviour: "A text from outside is marked for the model, and nothing in it can close the mark.",
  },
  {
    id: "runs:context",
    source: "packages/agent/README.md",
    behaviour: "A model is told the newest that fits, every call with its result.",
  },
  {
    id: "runs:prompt",
    source: "packages/agent/README.md",
    behaviour: "A system prompt is made of facts and of the files of the agent's folder, each cut.",
  },
  {
    id: "config:conversation",
    source: "docs/configuration.md",
    behaviour: "The keys of conversations are checked strictly, and have safe defaults.",
  },
];
