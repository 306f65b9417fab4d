import type { Requirement } from "./requirement.ts";

/** What is promised about what runs on a host, and about the node that runs it. */
export const NODE_HOST_REQUIREMENTS: readonly Requirement[] = [
  {
    id: "exec:file-shape",
    source: "docs/protocol.md",
    behaviour:
      "The approvals file has the documented shape; agent, then *, then defaults, then built in (deny, on-miss); the socket's token is never shown.",
  },
  {
    id: "exec:base-hash",
    source: "docs/protocol.md",
    behaviour:
      "A change of an existing approvals file needs the hash that it was made from; a stale one is refused; socket fields left out stay.",
  },
  {
    id: "exec:keeps-unknown",
    source: "packages/exec-policy/README.md",
    behaviour: "Keys of the approvals file that we don't know survive a change.",
  },
  { id: "exec:file-private", source: "docs/security.md", behaviour: "The approvals file is 0600." },
  {
    id: "exec:no-lost-change",
    source: "packages/exec-policy/README.md",
    behaviour: "What several processes change in the approvals file at once is all there afterwards.",
  },
  {
    id: "exec:use-noted",
    source: "packages/exec-policy/README.md",
    behaviour: "Uses are noted beside their entry, at most one write an interval.",
  },
  {
    id: "exec:policy",
    source: "packages/exec-policy/README.md",
    behaviour: "deny runs nothing, full everything, allowlist what is listed; ask off, on-miss, always.",
  },
  {
    id: "exec:combine",
    source: "packages/exec-policy/README.md",
    behaviour: "Of two policies the lower security and the higher ask hold, with the first one's list.",
  },
  {
    id: "exec:which",
    source: "docs/protocol.md",
    behaviour: "system.which finds bare names in PATH and tells nothing of paths.",
  },
  {
    id: "node-host:bootstrap-once",
    source: "docs/protocol.md",
    behaviour: "An invitation is shown and signed only until the device has a token of that gateway.",
  },
  {
    id: "node-host:answers",
    source: "docs/protocol.md",
    behaviour: "A node runs a command with its params and answers with `node.invoke.result`, payload as JSON text.",
  },
  {
    id: "node-host:named-refusals",
    source: "docs/protocol.md",
    behaviour:
      "Another node's id, no command, an unknown command, params that are no JSON, no time: each refused by name; nothing runs.",
  },
  {
    id: "node-host:deadline",
    source: "docs/protocol.md",
    behaviour: "When the time is up it is answered TIMEOUT at once, and the command is told to stop.",
  },
  {
    id: "node-host:result-too-large",
    source: "docs/protocol.md",
    behaviour: "A result that fits into no frame is RESULT_TOO_LARGE with both sizes; nothing is cut.",
  },
  {
    id: "node-host:busy",
    source: "packages/node-host/README.md",
    behaviour: "So many run at once, a few wait, the rest is turned away as busy.",
  },
  {
    id: "node-host:early-invoke",
    source: "docs/protocol.md",
    behaviour: "An invocation that comes before hello-ok is answered like any other.",
  },
  {
    id: "node-host:late-results",
    source: "packages/node-host/README.md",
    behaviour: "An answer that a lost connection kept back is delivered on the next one, within ten minutes.",
  },
  {
    id: "node-host:at-most-once",
    source: "packages/node-host/README.md",
    behaviour: "A repeat with the same idempotency key joins the run or gets its answer; it never runs again.",
  },
  {
    id: "node-host:key-reused",
    source: "packages/node-host/README.md",
    behaviour: "The key of another invocation is refused (IDEMPOTENCY_KEY_REUSED).",
  },
  {
    id: "node-host:refusals-not-remembered",
    source: "packages/node-host/README.md",
    behaviour: "What was refused before it began may be asked again with the same key.",
  },
  {
    id: "node-host:journal-first",
    source: "packages/node-host/README.md",
    behaviour: "What can't be written down is not begun.",
  },
  {
    id: "node-host:journal",
    source: "packages/node-host/README.md",
    behaviour: "What began and what came of it survives kill -9, in a file of its owner alone.",
  },
  {
    id: "node-host:outcome-unknown",
    source: "packages/node-host/README.md",
    behaviour: "After a crash in mid-run the repeat is told OUTCOME_UNKNOWN and nothing runs again.",
  },
  {
    id: "node-host:progress",
    source: "docs/protocol.md",
    behaviour: "Output before the answer comes in numbered pieces of bounded length, the answer after the last.",
  },
  {
    id: "node-host:backpressure",
    source: "packages/node-host/README.md",
    behaviour: "A command that awaits progress never gets ahead of a gateway that doesn't take its output.",
  },
  {
    id: "node-host:presence",
    source: "docs/protocol.md",
    behaviour: "How the machine is is told after connecting and every minute.",
  },
  {
    id: "node-host:waits-for-approval",
    source: "packages/node-host/README.md",
    behaviour:
      "A node that must be approved asks again gently, says what the owner has to run, and is in once it is approved.",
  },
  {
    id: "node-host:never-lost",
    source: "packages/node-host/README.md",
    behaviour: "What only a person can mend is tried again after minutes.",
  },
  {
    id: "node-host:sleep",
    source: "packages/node-host/README.md",
    behaviour: "After the machine has slept a dead connection is replaced within seconds.",
  },
  {
    id: "node-host:output-cap",
    source: "docs/protocol.md",
    behaviour: "Both streams together are kept up to 200,000 characters, and what is missing is noted.",
  },
  {
    id: "node-host:group-ended",
    source: "packages/node-host/README.md",
    behaviour: "Timeout and abort end the whole process group, also what ignores SIGTERM.",
  },
  {
    id: "node-host:daemon-left",
    source: "packages/node-host/README.md",
    behaviour: "What a program leaves behind on purpose neither holds up the answer nor is ended.",
  },
  {
    id: "node-host:system-run",
    source: "docs/protocol.md",
    behaviour: "An allowed program is run and its end told in full.",
  },
  {
    id: "node-host:denies",
    source: "docs/protocol.md",
    behaviour: "A node on which nobody has allowed anything runs nothing.",
  },
  {
    id: "node-host:deny-wins",
    source: "docs/protocol.md",
    behaviour: "What the node's rules deny, no approval allows.",
  },
  {
    id: "node-host:asks",
    source: "docs/protocol.md",
    behaviour: "Where a person is to be asked, only an approval of exactly this plan lets it run.",
  },
  {
    id: "node-host:allow-always",
    source: "docs/protocol.md",
    behaviour: "What is allowed always is put on its agent's list.",
  },
  {
    id: "node-host:prepare-runs-nothing",
    source: "docs/protocol.md",
    behaviour: "It says what would run, and runs nothing.",
  },
  {
    id: "node-host:system-run-timeout",
    source: "docs/protocol.md",
    behaviour: "Its own time limit ends a run, and that is a result.",
  },
  {
    id: "node-host:exec-events",
    source: "docs/protocol.md",
    behaviour: "The session of a run is told when it starts, ends or is denied.",
  },
  {
    id: "node-app:run",
    source: "apps/node/README.md",
    behaviour: "Connects as a node, ends with 0 when told to stop.",
  },
  {
    id: "node-app:stop-ends-commands",
    source: "packages/node-host/README.md",
    behaviour: "What runs when the node stops is ended with all that it started.",
  },
  {
    id: "node-app:one-per-state",
    source: "apps/node/README.md",
    behaviour: "A second node on the same state is refused with 78; a dead one doesn't block.",
  },
  {
    id: "node-app:status",
    source: "apps/node/README.md",
    behaviour: "Status tells whether one runs, its gateway, connection, rules and counts; makes nothing.",
  },
  {
    id: "node-app:join",
    source: "apps/node/README.md",
    behaviour: "The pasted line lets the node in once; from then on its own token does.",
  },
  {
    id: "node-app:join-refused",
    source: "apps/node/README.md",
    behaviour: "A used-up invitation ends with 4 and changes no settings.",
  },
  {
    id: "node-app:single-file",
    source: "apps/node/README.md",
    behaviour: "The app is one file that needs nothing beside it.",
  },
];
