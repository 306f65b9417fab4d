import type { Requirement } from "./requirement.ts";

/** What is promised about strangers who write to the bot. */
export const SENDER_REQUIREMENTS: readonly Requirement[] = [
  {
    id: "R-42",
    source: "docs/security.md",
    behaviour: "Identity is the platform's stable id, exactly; names never match.",
  },
  { id: "R-43", source: "docs/security.md", behaviour: "An approval holds for one account of one channel." },
  { id: "R-44", source: "docs/security.md", behaviour: "Caps are per channel and account; a flood evicts nobody." },
  {
    id: "senders:walk",
    source: "docs/security.md R-44",
    behaviour: "In every reachable state three wait at most, and nobody may write whom no owner let in.",
  },
  {
    id: "senders:walk-mutants",
    source: "docs/security.md",
    behaviour: "The senders walk catches reducers that are wrong in one way.",
  },
  {
    id: "senders:ids",
    source: "docs/security.md R-42",
    behaviour: "Ids are normalised per channel, once and for all.",
  },
  {
    id: "senders:reply",
    source: "docs/security.md",
    behaviour: "An unknown sender is told who it is, its code, and what its owner types.",
  },
  {
    id: "senders:files",
    source: "docs/security.md R-43",
    behaviour: "Documented names and shapes, 0600, one pair of files per account.",
  },
  {
    id: "senders:once",
    source: "docs/security.md",
    behaviour: "A sender is told its code once, and writing again doesn't make it live longer.",
  },
  {
    id: "senders:caps",
    source: "docs/security.md R-44",
    behaviour: "Three wait per account and a flood pushes nobody out.",
  },
  { id: "senders:accounts", source: "docs/security.md R-43", behaviour: "An approval holds on its own account." },
  {
    id: "senders:take-over",
    source: "docs/security.md",
    behaviour: "Another gateway's files are taken over, unknown keys stay.",
  },
  {
    id: "senders:corrupt",
    source: "docs/security.md R-57",
    behaviour: "A damaged file lets nobody in and isn't overwritten.",
  },
  {
    id: "senders:allow",
    source: "docs/security.md R-42",
    behaviour: "An owner lets in and shuts out by id; `*` and empty ids can't be let in.",
  },
  { id: "senders:codes", source: "docs/security.md", behaviour: "Codes are unbiased, and unique among live ones." },
  { id: "senders:hostile-input", source: "docs/security.md", behaviour: "What a sender calls itself is bounded." },
  {
    id: "senders:crash-safe",
    source: "docs/security.md",
    behaviour: "Who hears that a sender is approved has let it in, wherever a process dies.",
  },
  { id: "senders:nothing-lost", source: "docs/security.md", behaviour: "Changes of two processes both stay." },
  {
    id: "cli:pairing",
    source: "docs/security.md",
    behaviour: "`pairing list` and `pairing approve` work on the state folder's files.",
  },
];
