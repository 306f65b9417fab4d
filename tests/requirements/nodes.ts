import type { Requirement } from "./requirement.ts";

/** What is promised about nodes, what they may be asked for, and setup codes. */
export const NODE_REQUIREMENTS: readonly Requirement[] = [
  {
    id: "R-28",
    source: "docs/security.md",
    behaviour:
      "A join code is random, used once, short-lived, stored as a digest, bound to role, scopes and the first key that uses it; it never holds the shared secret.",
  },
  {
    id: "R-29",
    source: "docs/security.md",
    behaviour: "Pairing nodes needs the pairing scope, and admin where a node declares execution.",
  },
  {
    id: "R-30",
    source: "docs/security.md",
    behaviour:
      "A node's commands, capabilities and platform are pinned when it is approved; more needs a new approval.",
  },
  {
    id: "R-31",
    source: "docs/security.md",
    behaviour: "Platforms match by exact lower-case ASCII prefixes; an unknown one gets nothing.",
  },
  {
    id: "R-32",
    source: "docs/security.md",
    behaviour: "Approval marks in a caller's params are removed; the gateway sets them from its own records.",
  },
  {
    id: "R-33",
    source: "docs/security.md",
    behaviour: "What isn't fully literal is never on an allowlist; a match runs the parsed arguments, never a shell.",
  },
  { id: "R-34", source: "docs/security.md", behaviour: "An approval is bound to the exact plan and used once." },
  {
    id: "R-35",
    source: "docs/security.md",
    behaviour: "Wrappers and interpreters are never allowed by their own path.",
  },
  {
    id: "R-36",
    source: "docs/security.md",
    behaviour: "Patterns match resolved paths, never bare names; safe programs have flag allowlists.",
  },
  { id: "R-37", source: "docs/security.md", behaviour: "The environment of a run is an allowlist of names." },
  {
    id: "R-38",
    source: "docs/security.md",
    behaviour: "Paths are resolved before matching; wildcards never cross a slash.",
  },
  {
    id: "R-39",
    source: "docs/security.md",
    behaviour: "Approvals are resolved with the approvals scope on every surface alike.",
  },
  {
    id: "R-40",
    source: "docs/security.md",
    behaviour: "Approval ids are unguessable; the first answer wins; nobody answers himself; silence denies.",
  },
  {
    id: "R-51",
    source: "docs/security.md",
    behaviour: "Discovery is display text: it never routes, and never replaces a stored pin.",
  },
  {
    id: "node:platform",
    source: "docs/security.md R-31",
    behaviour:
      "A platform is matched in lower-case ASCII after NFKC by exact beginnings; whatever else it looks like is unknown, and gets nothing.",
  },
  {
    id: "node:unknown-platform",
    source: "docs/security.md R-31",
    behaviour: "A node that names a look-alike platform may be asked for nothing, approved or not.",
  },
  {
    id: "node:allowlist",
    source: "docs/configuration.md",
    behaviour:
      "Each platform has its commands; gateway.nodes.allowCommands adds to them, denyCommands takes away and is stronger.",
  },
  {
    id: "node:refusals",
    source: "docs/adr/0012-nodes.md",
    behaviour:
      "An unknown, undeclared, unlisted or unapproved command, a node that is away, silent or refuses: each ends with its own name, and nothing reaches the node that may not.",
  },
  {
    id: "node:list",
    source: "docs/adr/0012-nodes.md",
    behaviour:
      "node.list and node.describe show nodes that are here or paired, what each may be asked for, what not and why, and when it was last here, over restarts.",
  },
  {
    id: "node:invoke",
    source: "docs/protocol.md",
    behaviour:
      "An invocation reaches its node alone, without a sequence number, and its answer the caller, however the node spells it, in both revisions.",
  },
  {
    id: "node:own-voice",
    source: "docs/adr/0012-nodes.md",
    behaviour:
      "A node answers for itself alone, only what it was asked, and once; node methods are no operator's and the other way round.",
  },
  {
    id: "node:newest",
    source: "docs/security.md R-30",
    behaviour: "A node is asked over its newest connection, and the end of an older one takes nothing with it.",
  },
  {
    id: "node:gone",
    source: "docs/adr/0012-nodes.md",
    behaviour: "What was asked over a connection ends with it, with a name and whether it may be asked again.",
  },
  {
    id: "node:idempotent",
    source: "docs/adr/0012-nodes.md",
    behaviour:
      "A repeat with the same key gets the first answer, over any connection, and the node is asked once; where nothing was done the key may be used again.",
  },
  {
    id: "node:stream",
    source: "docs/protocol.md",
    behaviour: "Output before the answer goes to whoever asked for it, and to nobody else.",
  },
  {
    id: "node:drain",
    source: "docs/adr/0012-nodes.md",
    behaviour: "While a gateway lets running work end, answers of nodes still count.",
  },
  {
    id: "node:exec-events",
    source: "docs/security.md R-49",
    behaviour: "What nodes say about runs becomes a line for the session, without control characters.",
  },
  {
    id: "node:rename",
    source: "docs/adr/0012-nodes.md",
    behaviour: "The name that an owner gives a node stays, whatever the node calls itself.",
  },
  {
    id: "node:pinned",
    source: "docs/security.md R-30",
    behaviour:
      "Commands, caps and platform of a node are what its owner approved; more is of no use until approved, and of use at once then.",
  },
  {
    id: "node:approver",
    source: "docs/security.md R-29",
    behaviour: "Approving a node needs the pairing scope, and admin as well when it names commands that run programs.",
  },
  {
    id: "node:older-pairing",
    source: "docs/protocol.md",
    behaviour:
      "The older way of pairing works: a request, an approval with a token that is told once, a check of it that can't be guessed at.",
  },
  {
    id: "node:removed",
    source: "docs/adr/0012-nodes.md",
    behaviour: "A device that is removed takes its approval as a node along.",
  },
  {
    id: "node:approved-once",
    source: "docs/adr/0012-nodes.md",
    behaviour:
      "A node that its owner lets in once may be asked for what the owner saw, and not for what it names later.",
  },
  {
    id: "node:queue",
    source: "docs/adr/0012-nodes.md",
    behaviour:
      "Work that is left for a node that sleeps is on disk before it is answered, reaches its node once and in time, survives restarts, and its outcome can be asked for by its sender.",
  },
  {
    id: "node:queue-walk",
    source: "docs/adr/0012-nodes.md",
    behaviour: "In every reachable state a piece of work is given once and ends once; broken queues are caught.",
  },
  {
    id: "approvals:walk",
    source: "docs/security.md R-40",
    behaviour:
      "In every reachable state of a question one answer counts and holds for one run of what was shown; broken machines are caught.",
  },
  {
    id: "approvals:flow",
    source: "docs/adr/0013-approvals.md",
    behaviour: "A question is shown, answered, waited for, and its answer lets exactly that run once; silence is a no.",
  },
  {
    id: "approvals:once",
    source: "docs/security.md R-40",
    behaviour: "The first answer counts; a second, a late one and the asker's own are refused.",
  },
  {
    id: "approvals:scope",
    source: "docs/security.md R-39",
    behaviour: "Answering, and being shown, needs the approvals scope.",
  },
  {
    id: "approvals:stripped",
    source: "docs/security.md R-32",
    behaviour: "What a caller says about approvals never reaches a node.",
  },
  {
    id: "approvals:bound",
    source: "docs/security.md R-34",
    behaviour:
      "An approval is for one node, one list of arguments, one folder, one environment, one agent, one session and one asker.",
  },
  {
    id: "approvals:shown",
    source: "docs/security.md R-34",
    behaviour: "The owner is shown the exact arguments; nobody can show another text.",
  },
  {
    id: "approvals:old-node",
    source: "docs/adr/0013-approvals.md",
    behaviour: "A node that can't compare what runs with what was approved is given no approval.",
  },
  {
    id: "approvals:repeat",
    source: "docs/adr/0013-approvals.md",
    behaviour:
      "The same run may be asked for again with its key where nothing runs twice, also after a restart; another one may not.",
  },
  {
    id: "approvals:durable",
    source: "docs/adr/0013-approvals.md",
    behaviour:
      "A question survives a restart, is shown once, and can be answered and waited for after it; its id never stands for another.",
  },
  {
    id: "approvals:file",
    source: "docs/adr/0013-approvals.md",
    behaviour:
      "Approvals files are read and replaced by admins only, never from an older state, and their secrets stay in them.",
  },
  {
    id: "setup-codes:join",
    source: "docs/security.md R-28",
    behaviour: "A setup code lets one new node in from anywhere, with the commands that it names, once.",
  },
  {
    id: "setup-codes:bound",
    source: "docs/security.md R-28",
    behaviour:
      "Another key, role, scope or word than the code's gets nowhere and leaves nothing behind; of several at once one gets in.",
  },
  {
    id: "setup-codes:limited",
    source: "docs/security.md R-28",
    behaviour: "A code for an operator gives read and write, never admin.",
  },
  { id: "setup-codes:end", source: "docs/security.md R-28", behaviour: "After ten minutes a code is over." },
  {
    id: "setup-codes:guessing",
    source: "docs/security.md R-06",
    behaviour: "Guessing setup codes is locked after a while, and locks nothing else.",
  },
  {
    id: "setup-codes:owner",
    source: "docs/security.md R-28",
    behaviour: "Only an admin makes setup codes, and none holds the gateway's secret.",
  },
  {
    id: "setup-codes:address",
    source: "docs/adr/0012-nodes.md",
    behaviour:
      "A setup code leads where its maker says, or to where the gateway is reached; never to what is no gateway.",
  },
  {
    id: "pairing:pinned-claims",
    source: "docs/security.md R-30",
    behaviour: "A node's claims are shown in its request and pinned by its approval alone.",
  },
  {
    id: "node-pairing:walk",
    source: "docs/security.md",
    behaviour: "In every reachable state a node may be asked exactly what it says and its owner allowed.",
  },
  {
    id: "node-pairing:walk-mutants",
    source: "docs/security.md",
    behaviour: "The node walk catches reducers that are wrong in one way.",
  },
  {
    id: "node-pairing:surface",
    source: "docs/security.md R-30",
    behaviour: "What a node may be asked is its declaration within its approval; more makes one request.",
  },
  {
    id: "node-pairing:platform",
    source: "docs/security.md R-31",
    behaviour: "On another platform than the approved one nothing of a node is usable.",
  },
  {
    id: "node-pairing:newest",
    source: "docs/security.md",
    behaviour: "The newest approval counts, of a device or of its node.",
  },
  {
    id: "node-pairing:rejected",
    source: "docs/security.md",
    behaviour: "A rejected declaration doesn't ask again for a day.",
  },
  {
    id: "node-pairing:removed-stays",
    source: "docs/security.md",
    behaviour: "No older approval, and none under way, brings a removed node back.",
  },
  {
    id: "node-pairing:admin-for-exec",
    source: "docs/security.md R-29",
    behaviour: "What runs programs is an admin's to approve.",
  },
  {
    id: "node-pairing:older-way",
    source: "docs/protocol.md",
    behaviour: "A node that somebody asks for waits five minutes, and its approval mints a token.",
  },
  {
    id: "node-pairing:caps",
    source: "docs/security.md R-50",
    behaviour: "Requests for nodes are bounded in all and per address.",
  },
  {
    id: "node-pairing:known-is-free",
    source: "docs/security.md",
    behaviour: "A node that declares what it declared before costs no read and no write.",
  },
  {
    id: "node-pairing:notices",
    source: "docs/protocol.md",
    behaviour: "Who asks, what became of it, and whose surface changed is told once.",
  },
  {
    id: "node-pairing:offline-approval",
    source: "docs/security.md",
    behaviour: "What another process decides about a node reaches its live connection.",
  },
  {
    id: "node-pairing:no-secrets",
    source: "docs/security.md R-19",
    behaviour: "A node's token is told to its approver once and stands nowhere.",
  },
  {
    id: "node-pairing:last-connected",
    source: "docs/security.md",
    behaviour: "Last connects are kept and flushed together.",
  },
  {
    id: "node-pairing:take-over",
    source: "docs/security.md",
    behaviour: "An older gateway's node files are taken over, plain tokens as digests.",
  },
  { id: "node-pairing:corrupt", source: "docs/security.md R-57", behaviour: "A malformed node file is refused." },
  {
    id: "node-pairing:one-outcome",
    source: "docs/security.md",
    behaviour: "Approve and reject of a node by two processes have one outcome.",
  },
  {
    id: "node-pairing:owner-sees",
    source: "docs/security.md",
    behaviour: "A node that declares more while it is approved gets what its owner saw.",
  },
  {
    id: "invites:walk",
    source: "docs/security.md R-28",
    behaviour:
      "In every reachable state a code is good for one key, one role, what was named, and not for long; wrong reducers are caught.",
  },
  {
    id: "invites:one-key",
    source: "docs/security.md R-28",
    behaviour: "The first key that uses a code is the only one, until its device is paired.",
  },
  {
    id: "invites:bounds",
    source: "docs/security.md R-28",
    behaviour: "A code gives its role and no more than its scopes.",
  },
  { id: "invites:expire", source: "docs/security.md R-28", behaviour: "A code lives ten minutes at most." },
  {
    id: "invites:owner-only",
    source: "docs/security.md R-28",
    behaviour: "Only an admin makes and ends codes, thirty-two at once.",
  },
  { id: "invites:no-secrets", source: "docs/security.md R-28", behaviour: "No file and no later answer holds a code." },
  { id: "invites:corrupt", source: "docs/security.md R-57", behaviour: "A malformed file of codes is refused." },
  {
    id: "invites:one-winner",
    source: "docs/security.md R-28",
    behaviour: "Of two devices that use a code at once one gets in.",
  },
  {
    id: "protocol:exit-codes",
    source: "docs/exit-codes.md",
    behaviour: "Every process of ours ends with a code of one table, and the page for people has the same.",
  },
  {
    id: "node:damaged",
    source: "docs/security.md R-57",
    behaviour:
      "With a damaged file about nodes, setup codes or approvals the gateway runs, says what doesn't work, allows nothing by it, and keeps the file as it is.",
  },
  {
    id: "interop:reference-node",
    source: "docs/nodes.md",
    behaviour:
      "The published client as a node waits, is approved, is listed, invoked and answers, tells what happens on it, in revision 4.",
  },
  {
    id: "interop:reference-node-3",
    source: "docs/protocol.md",
    behaviour: "The same in revision 3, in the form of an older node host.",
  },
  {
    id: "interop:reference-node-fallback",
    source: "docs/protocol.md",
    behaviour:
      "Told that revision 4 is unknown, the published client comes again with revision 3, and everything works.",
  },
  {
    id: "interop:transcript-node",
    source: "docs/protocol.md",
    behaviour:
      "A node of revision 3 connects, asks for the programs of skills, and is refused what is an operator's, in the published words.",
  },
  {
    id: "interop:transcript-invoke",
    source: "docs/protocol.md",
    behaviour: "An invocation goes there and back in the published frames; every refusal has its words.",
  },
  {
    id: "interop:transcript-approval",
    source: "docs/protocol.md",
    behaviour:
      "A question is shown to whoever may answer, the first answer ends it, silence is null, in the published frames.",
  },
  {
    id: "interop:published-node-forms",
    source: "docs/protocol.md",
    behaviour:
      "What nodes are asked and told, and what owners are told about them, fits the published forms of revision 4; what doesn't is named.",
  },
  {
    id: "scenario:kill-while-invoking",
    source: "docs/adr/0012-nodes.md",
    behaviour:
      "While gateway and nodes are killed, each invocation ends in one outcome that the operator learns, the same one whenever it asks again, and none runs twice.",
  },
  {
    id: "scenario:approval-over-restart",
    source: "docs/adr/0013-approvals.md",
    behaviour:
      "A question survives restarts and kills of the gateway, each watcher shows it once, and the answer lets the command run once.",
  },
  {
    id: "scenario:approval-two-watchers",
    source: "docs/adr/0013-approvals.md",
    behaviour: "Of two owners who answer at once one wins, and both see the end.",
  },
  {
    id: "scenario:approval-ends",
    source: "docs/adr/0013-approvals.md",
    behaviour: "A no, and no answer in time, run nothing, say so, and end with 4.",
  },
  {
    id: "scenario:approval-once",
    source: "docs/nodes.md",
    behaviour:
      "What was allowed once is asked again; what an agent was allowed from now on isn't, and stands on the node's list.",
  },
  {
    id: "cli:nodes-invite",
    source: "docs/nodes.md",
    behaviour:
      "An invitation is one line, lets one node in, once, leads where its owner says, and never holds the gateway's secret.",
  },
  {
    id: "cli:node-status",
    source: "apps/cli/README.md",
    behaviour: "`saltgate node status` says how the node of this machine stands, and ends with 3 where none runs.",
  },
  {
    id: "cli:nodes-list",
    source: "apps/cli/README.md",
    behaviour: "`nodes list` and `nodes status` show who is here, was here and waits, for people and programs.",
  },
  {
    id: "cli:nodes-name",
    source: "apps/cli/README.md",
    behaviour:
      "A node is found by its name, its id or the beginning of it; when it could be several, or none, the candidates are named.",
  },
  {
    id: "cli:nodes-approve",
    source: "docs/nodes.md",
    behaviour:
      "Who waits is shown with what it names, and is let in, or turned away, by its request, the beginning of it, or its name.",
  },
  {
    id: "cli:nodes-invoke",
    source: "apps/cli/README.md",
    behaviour:
      "`nodes invoke` prints the node's answer as JSON; what may not be asked ends with 1, words that are off with 2.",
  },
  {
    id: "cli:nodes-later",
    source: "docs/nodes.md",
    behaviour: "Work that is left for a node that is away is done when it is back, and its outcome can be asked for.",
  },
  {
    id: "cli:nodes-run",
    source: "docs/nodes.md",
    behaviour:
      "`nodes run` passes the program's words through as they are, keeps its streams apart and in order, ends with 1 when it fails and with 4 when the node's rules deny it, and refuses words that are off before anybody is asked.",
  },
  {
    id: "cli:approvals-file",
    source: "docs/nodes.md",
    behaviour:
      "The approvals file of a node, of the gateway's machine and of this one is read and replaced, never by nonsense.",
  },
  {
    id: "cli:approvals-allowlist",
    source: "docs/nodes.md",
    behaviour:
      "A program is put on a list and taken off it, for all agents or one; what no path could match is refused.",
  },
  {
    id: "cli:approvals-answer",
    source: "docs/nodes.md",
    behaviour: "A question is answered by its id or the beginning of it; the first answer counts.",
  },
  {
    id: "cli:approvals-watch",
    source: "docs/nodes.md",
    behaviour:
      "`approvals watch` shows each question once and how it ended, takes answers from its input, and tells programs each thing as one line.",
  },
  {
    id: "gateway:log-batches",
    source: "docs/adr/0014-one-write-per-turn.md",
    behaviour:
      "Log lines of one turn of the event loop are written together; a warning or worse at once, with what came before it; the console rests 50 ms, the file never waits longer than the turn.",
  },
  {
    id: "gateway:one-write-per-turn",
    source: "docs/adr/0014-one-write-per-turn.md",
    behaviour:
      "Messages to one connection within one turn leave in one write, in order; more than 64 KiB isn't held back; what was said before an end still arrives.",
  },
  {
    id: "node-app:not-joined",
    source: "docs/raspberry-pi.md",
    behaviour: "A node on a machine that has joined no gateway says how to.",
  },
  {
    id: "gateway:idempotency-bytes",
    source: "docs/adr/0012-nodes.md",
    behaviour:
      "Remembered answers are bounded in bytes: of too large ones only is remembered that they were given, so that nothing runs again.",
  },
  {
    id: "cli:old-node",
    source: "README.md",
    behaviour: "On a Node that is too old the commands say which one they need, and end with 78.",
  },
];
