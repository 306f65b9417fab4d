import { AGENT_TOOL_REQUIREMENTS } from "./requirements/agent-tools.ts";
import { CHANNEL_REQUIREMENTS } from "./requirements/channels.ts";
import { CONVERSATION_REQUIREMENTS } from "./requirements/conversation.ts";
import { DELIVERY_REQUIREMENTS } from "./requirements/delivery.ts";
import { GATEWAY_CHAT_REQUIREMENTS } from "./requirements/gateway-chat.ts";
import { MODEL_REQUIREMENTS } from "./requirements/models.ts";
import { NODE_HOST_REQUIREMENTS } from "./requirements/node-host.ts";
import { NODE_REQUIREMENTS } from "./requirements/nodes.ts";
import type { Requirement } from "./requirements/requirement.ts";
import { SENDER_REQUIREMENTS } from "./requirements/senders.ts";
import { TELEGRAM_REQUIREMENTS } from "./requirements/telegram.ts";
import { TERMINAL_REQUIREMENTS } from "./requirements/terminal.ts";

/** Every promise. A test fails on an id that no test cites, and on a test that cites an id that isn't here. */
export const REQUIREMENTS: readonly Requirement[] = [
  ...MODEL_REQUIREMENTS,
  ...NODE_REQUIREMENTS,
  ...NODE_HOST_REQUIREMENTS,
  ...SENDER_REQUIREMENTS,
  ...TELEGRAM_REQUIREMENTS,
  ...TERMINAL_REQUIREMENTS,
  ...CONVERSATION_REQUIREMENTS,
  ...CHANNEL_REQUIREMENTS,
  ...DELIVERY_REQUIREMENTS,
  ...AGENT_TOOL_REQUIREMENTS,
  ...GATEWAY_CHAT_REQUIREMENTS,
  {
    id: "R-01",
    source: "docs/security.md",
    behaviour:
      "No connection and no credential goes to an address that came from a URL until its user confirmed it; a stored token goes only to the origin that issued it.",
  },
  {
    id: "R-02",
    source: "docs/security.md",
    behaviour:
      "Local needs a loopback socket _and_ a Host that is localhost or a loopback address; no DNS name is ever local.",
  },
  {
    id: "R-03",
    source: "docs/security.md",
    behaviour:
      "Any forwarding header makes a peer not local, whoever it is. Chains are read right to left past trusted proxies; a malformed or all-trusted chain names nobody.",
  },
  {
    id: "R-04",
    source: "docs/security.md",
    behaviour:
      "An upgrade with an Origin needs an exact match with the allowed ones, or the gateway's own page on loopback; otherwise 403 before the challenge. Failures of pages are throttled on loopback too; a page is never paired silently.",
  },
  {
    id: "R-05",
    source: "docs/security.md",
    behaviour:
      'The secret is checked, not its presence: every exemption hangs on "authenticated by X".                                                                                                                                           ',
  },
  {
    id: "R-06",
    source: "docs/security.md",
    behaviour:
      "One limiter in front of every credential check, with buckets per kind and address; wrong ones count, missing ones don't; success with one kind resets no other; bounded.",
  },
  {
    id: "R-07",
    source: "docs/security.md",
    behaviour: "client.id, mode, platform and user agent never raise a privilege and never skip a check.",
  },
  {
    id: "R-08",
    source: "docs/security.md",
    behaviour: "An address that can't be bound fails the start; nothing widens by itself.",
  },
  {
    id: "R-09",
    source: "docs/security.md",
    behaviour:
      "A client sends no credential in plain text beyond loopback and private addresses, unless its user breaks the glass.",
  },
  {
    id: "R-10",
    source: "docs/security.md",
    behaviour: "Scopes are requested ∩ granted by the server; none named means none of one's own, never admin.",
  },
  {
    id: "R-11",
    source: "docs/security.md",
    behaviour:
      "A rotated token has no more scopes than its device and than whoever ordered it; rotating never edits what is approved.",
  },
  {
    id: "R-12",
    source: "docs/security.md",
    behaviour:
      "An approver holds every scope of the result, and admin for other roles than operator; every surface uses the same approval.",
  },
  {
    id: "R-13",
    source: "docs/security.md",
    behaviour:
      "Only the first pairing of an unknown device can be silent: local, no Origin; upgrades and key changes never are.",
  },
  {
    id: "R-14",
    source: "docs/security.md",
    behaviour:
      "Token scopes stay within what is approved at the time of use; a revoked role stays closed until approved or rotated explicitly.",
  },
  {
    id: "R-15",
    source: "docs/security.md",
    behaviour: "Who is no admin acts on his own device only; a new secret goes to its device and to nobody else.",
  },
  {
    id: "R-16",
    source: "docs/security.md",
    behaviour: "Revoking, rotating and removing end live connections before the answer is sent.",
  },
  {
    id: "R-17",
    source: "docs/security.md",
    behaviour:
      "Credentials are checked against what holds now; a changed shared secret ends the connections of the old one.",
  },
  {
    id: "R-18",
    source: "docs/security.md",
    behaviour: "No client label skips a check; what runs inside the gateway calls it directly.",
  },
  {
    id: "R-19",
    source: "docs/security.md",
    behaviour:
      "Secrets are removed from every outgoing frame, error and log; below admin, nobody is told paths of the gateway's disk.",
  },
  {
    id: "R-20",
    source: "docs/security.md",
    behaviour:
      "Every event has an audience and a scope; an event without a rule is sent to nobody; a node hears of itself.",
  },
  {
    id: "R-21",
    source: "docs/security.md",
    behaviour: "Every route asks for authentication, but for a short list by name.",
  },
  {
    id: "R-23",
    source: "docs/security.md",
    behaviour:
      "A path is understood once; encoded slashes and dots, empty and dot segments are refused before any route sees them.",
  },
  {
    id: "R-24",
    source: "docs/security.md",
    behaviour:
      "Tailscale identity counts for connections only, from a loopback peer with all proxy headers and a matching whois; never for HTTP routes.",
  },
  {
    id: "R-26",
    source: "docs/security.md",
    behaviour: "What is served before authentication tells nothing: no names, paths, versions or ids.",
  },
  {
    id: "R-46",
    source: "docs/security.md",
    behaviour: "Secrets have 256 random bits; digests are compared in constant time; no input makes comparing throw.",
  },
  {
    id: "R-47",
    source: "docs/security.md",
    behaviour: "One secret for one purpose: a hook token that equals the gateway's is an error.",
  },
  {
    id: "R-48",
    source: "docs/security.md",
    behaviour: "No secret in a URL: such a request is refused and never logged.",
  },
  {
    id: "R-49",
    source: "docs/security.md",
    behaviour: "What a peer calls itself is logged without control characters, and cut.",
  },
  {
    id: "R-50",
    source: "docs/security.md",
    behaviour:
      "Connections that have proven nothing, their frames, and pending requests are capped, in all and per address.",
  },
  {
    id: "R-55",
    source: "docs/security.md",
    behaviour: "A pinned certificate is checked in the TLS handshake, before a request line is sent.",
  },
  {
    id: "R-56",
    source: "docs/security.md",
    behaviour: "No inline script, no framing, no sniffing; what people and models write is text.",
  },
  {
    id: "R-57",
    source: "docs/security.md",
    behaviour: "A missing file is empty; a damaged one denies, is kept, and is never overwritten.",
  },
  {
    id: "R-58",
    source: "docs/security.md",
    behaviour: "Everything derives from the state folder; two profiles share nothing.",
  },
  {
    id: "protocol:close-codes",
    source: "docs/protocol.md",
    behaviour: "The close code table is pinned, with who sends it and may-reconnect",
  },
  {
    id: "protocol:close-reason",
    source: "docs/protocol.md",
    behaviour: "A close reason never exceeds its bytes nor splits a character",
  },
  {
    id: "protocol:decode-total",
    source: "docs/protocol.md",
    behaviour: "No text and no JSON makes a frame decoder throw; refusals quote nothing the peer sent",
  },
  {
    id: "protocol:error-codes",
    source: "docs/protocol.md",
    behaviour:
      "The error tables are pinned; revision 3 gets the codes it knows; start and restart carry the reason that revision 4 clients read",
  },
  {
    id: "protocol:errors-documented",
    source: "docs/protocol.md",
    behaviour: "Docs/errors.md and the tables agree in both directions",
  },
  { id: "protocol:exports", source: "docs/protocol.md", behaviour: "The public list of the package is pinned" },
  {
    id: "protocol:features-order",
    source: "docs/protocol.md",
    behaviour:
      "Hello-ok.features names methods and events in the documented order, and leaves out what a revision has not or does not list",
  },
  { id: "protocol:features-served", source: "docs/protocol.md", behaviour: "Only what is served is advertised" },
  {
    id: "protocol:frame-strict",
    source: "docs/protocol.md",
    behaviour: "Only requests travel to the gateway; not-JSON and not-a-frame are told apart; names are bounded",
  },
  {
    id: "protocol:generated",
    source: "docs/protocol.md",
    behaviour: "Protocol:check fails on drift, naming file, line and the mending command",
  },
  {
    id: "protocol:golden",
    source: "docs/protocol.md",
    behaviour: "Hello-ok of both revisions, refusals and events are recorded and reproduced exactly",
  },
  {
    id: "protocol:hello-v3-auth",
    source: "docs/protocol.md",
    behaviour: "Revision 3 has auth only with a device token; revision 4 always",
  },
  {
    id: "protocol:hello-v4-closed",
    source: "docs/protocol.md",
    behaviour: "Hello-ok of revision 4 carries only the health keys that its published validators accept",
  },
  {
    id: "protocol:issues",
    source: "docs/protocol.md",
    behaviour: "Validation messages name path and fault, distinguish missing from wrong, quote no value",
  },
  {
    id: "protocol:json-schema",
    source: "docs/protocol.md",
    behaviour: "The JSON Schema is complete, its references resolve, recorded frames are valid by it",
  },
  { id: "protocol:lazy", source: "docs/protocol.md", behaviour: "Importing the package builds no schema" },
  { id: "protocol:limits", source: "docs/protocol.md", behaviour: "Every bound has a name and a pinned value" },
  {
    id: "protocol:native-models",
    source: "docs/protocol.md",
    behaviour: "Swift and Kotlin models parse, declare every type once, escape keywords, tell absent from null",
  },
  {
    id: "protocol:negotiation",
    source: "docs/protocol.md",
    behaviour: "The highest common revision wins; a mismatch names the revision to move to",
  },
  {
    id: "protocol:one-contract",
    source: "docs/protocol.md",
    behaviour:
      "Every method and event of revisions 3 and 4 is described once, with role, scope, revisions, state and schemas; each is in one family",
  },
  {
    id: "protocol:portable",
    source: "docs/protocol.md",
    behaviour: "The package imports zod and nothing else, nothing of Node",
  },
  {
    id: "protocol:readme",
    source: "docs/protocol.md",
    behaviour: "The program of the README runs and prints what it says",
  },
  {
    id: "protocol:reference",
    source: "docs/protocol.md",
    behaviour: "The reference page has every method, event, scope and limit, and its links lead somewhere",
  },
  {
    id: "protocol:round-trip",
    source: "docs/protocol.md",
    behaviour: "Decode after encode is identity for requests, responses, refusals and events",
  },
  {
    id: "protocol:scope-intersection",
    source: "docs/protocol.md R-10",
    behaviour: "Granted = requested ∩ approved on the lattice: within both, complete, commutative, idempotent",
  },
  {
    id: "protocol:scope-lattice",
    source: "docs/protocol.md",
    behaviour: "Admin implies all, write implies read, talk.secrets implies talk; nothing else implies anything",
  },
  {
    id: "protocol:unknown-keys-ignored",
    source: "docs/protocol.md",
    behaviour: "Unknown keys in params are ignored, never fatal",
  },
  { id: "identity:browser-safe", source: "docs/protocol.md", behaviour: "The root entry imports nothing from Node" },
  {
    id: "identity:connect-vectors",
    source: "docs/protocol.md",
    behaviour: "The five published connect vectors: payload, signature, acceptance",
  },
  {
    id: "identity:device-file",
    source: "docs/protocol.md",
    behaviour: "Identity/device.json: documented shape, 0600/0700, made once, found again",
  },
  {
    id: "identity:device-file-invalid",
    source: "docs/protocol.md R-57",
    behaviour: "An invalid key file is refused, kept, copied, never silently replaced",
  },
  {
    id: "identity:device-file-race",
    source: "docs/protocol.md",
    behaviour: "Processes that start at once share one identity",
  },
  {
    id: "identity:device-id",
    source: "docs/protocol.md",
    behaviour: "The device id is the SHA-256 of the presented key",
  },
  {
    id: "identity:ed25519-rfc8032",
    source: "docs/protocol.md",
    behaviour: "Both engines reproduce the published keys and signatures",
  },
  {
    id: "identity:ed25519-strict",
    source: "docs/protocol.md",
    behaviour:
      "Both engines give 139 hostile vectors their one right answer (malleable S, small order, second spellings, torsion, wrong lengths)",
  },
  {
    id: "identity:engines-agree",
    source: "docs/protocol.md",
    behaviour: "Native and portable engine agree on keys, signatures, mutated and random input",
  },
  {
    id: "identity:mint-256-bits",
    source: "docs/protocol.md R-46",
    behaviour: "Secrets are 256 random bits, base64url",
  },
  {
    id: "identity:nonce",
    source: "docs/protocol.md",
    behaviour: "A nonce is required (but for local protocol 3 peers) and is this socket's",
  },
  {
    id: "identity:public-key-spellings",
    source: "docs/protocol.md",
    behaviour: "Base64url, standard base64 and PEM of one key are the same key",
  },
  {
    id: "identity:public-key-strict",
    source: "docs/protocol.md",
    behaviour: "Wrong length, trailing bytes, second spellings and small order points are refused",
  },
  {
    id: "identity:secret-compare",
    source: "docs/protocol.md R-46",
    behaviour: "Any text is compared with a digest in constant time without a throw; a damaged digest matches nothing",
  },
  {
    id: "identity:signature-age",
    source: "docs/protocol.md",
    behaviour: "A proof counts within 600 000 ms either way",
  },
  {
    id: "identity:signature-covers",
    source: "docs/protocol.md",
    behaviour: "No signed field can be changed after signing",
  },
  {
    id: "pairing:approver-holds",
    source: "docs/security.md R-12",
    behaviour: "An approver holds every scope of the result, admin for roles but operator",
  },
  {
    id: "pairing:caps",
    source: "docs/security.md R-50",
    behaviour: "Pending requests are bounded in all and per address; a flood evicts nobody",
  },
  {
    id: "pairing:close-before-answer",
    source: "docs/security.md R-16",
    behaviour: "Connections end before the answer and after it is durable",
  },
  {
    id: "pairing:corrupt",
    source: "docs/security.md R-57",
    behaviour: "A damaged file lets nobody in and isn't overwritten",
  },
  {
    id: "pairing:crash-safe",
    source: "docs/security.md",
    behaviour:
      "Random programs of three processes with deaths and failing writes never give more than was allowed, and keep what was acknowledged",
  },
  { id: "pairing:files", source: "docs/security.md", behaviour: "Documented shapes, 0600, digests only" },
  {
    id: "pairing:first-pairing",
    source: "docs/security.md",
    behaviour: "An unknown device waits; once approved it comes in and gets its token",
  },
  {
    id: "pairing:granted-intersection",
    source: "docs/security.md R-10",
    behaviour: "Granted = requested within approved, by the lattice",
  },
  {
    id: "pairing:hostile-input",
    source: "docs/security.md",
    behaviour: "No text of a stranger makes the reducer throw, changes another device or lets anybody in",
  },
  {
    id: "pairing:known-device-is-free",
    source: "docs/security.md",
    behaviour: "A known device's admission reads and writes nothing",
  },
  { id: "pairing:last-used", source: "docs/security.md", behaviour: "Last-used times are kept and flushed together" },
  {
    id: "pairing:lists-everything",
    source: "docs/security.md",
    behaviour:
      "One request per device lists all missing roles and scopes, and doesn't flap between two roles of an app",
  },
  {
    id: "pairing:no-scopes-no-admin",
    source: "docs/security.md R-10",
    behaviour: "A device that names no scopes gets what its owner chose",
  },
  {
    id: "pairing:no-secrets",
    source: "docs/security.md R-15, R-19",
    behaviour: "Lists, notices and answers to others hold no token and no digest",
  },
  {
    id: "pairing:nothing-for-strangers",
    source: "docs/security.md",
    behaviour: "Nothing is written without a proven secret or own token",
  },
  {
    id: "pairing:nothing-lost",
    source: "docs/security.md",
    behaviour: "Changes of two processes at once are all kept",
  },
  {
    id: "pairing:offline-approval",
    source: "docs/security.md",
    behaviour: "An approval by another process counts at the next connect",
  },
  {
    id: "pairing:offline-revocation",
    source: "docs/security.md R-16",
    behaviour: "A revocation by another process ends live connections at a refresh",
  },
  {
    id: "pairing:one-outcome",
    source: "docs/security.md",
    behaviour: "Approve and reject by two processes have one outcome; a crash leaves waiting or approved",
  },
  {
    id: "pairing:own-device-only",
    source: "docs/security.md R-15",
    behaviour: "A non-admin acts on its own device only",
  },
  { id: "pairing:owner-sees", source: "docs/security.md", behaviour: "A request never changes under its id" },
  {
    id: "pairing:pending-expires",
    source: "docs/security.md",
    behaviour: "A request lives 300 000 ms from when it was made",
  },
  {
    id: "pairing:removed-stays",
    source: "docs/security.md",
    behaviour: "A removed device isn't brought back by an approval under way",
  },
  {
    id: "pairing:revoke-during-connect",
    source: "docs/security.md",
    behaviour: "A device that connects while it is revoked keeps nothing",
  },
  {
    id: "pairing:revoked-stays",
    source: "docs/security.md R-14",
    behaviour: "A revoked role stays closed until approval or an admin's rotation, also across processes",
  },
  {
    id: "pairing:rotate-narrow",
    source: "docs/security.md R-11",
    behaviour: "Rotation stays within caller and approval and never edits the approval",
  },
  {
    id: "pairing:rotate-two-phases",
    source: "docs/security.md",
    behaviour: "Old token works until the first use of the new one",
  },
  {
    id: "pairing:silent-first-only",
    source: "docs/security.md R-13",
    behaviour: "Only a first pairing of an unknown local device is silent",
  },
  {
    id: "pairing:take-over",
    source: "docs/security.md R-46",
    behaviour: "Plain tokens of an older gateway count by digest; a digest from the file opens nothing",
  },
  {
    id: "pairing:token-use-time",
    source: "docs/security.md R-14",
    behaviour: "A token gives nothing beyond what is approved at its use",
  },
  {
    id: "pairing:walk",
    source: "docs/security.md R-10, R-15",
    behaviour:
      "In every reachable state nothing exists that no owner allowed (one device: all 24,897 states; two devices: 4 events; two keys: 6 events)",
  },
  {
    id: "pairing:walk-mutants",
    source: "docs/security.md",
    behaviour: "18 deliberately broken reducers are each caught by the same walk",
  },
  {
    id: "pairing:watched-revocation",
    source: "docs/security.md R-14, R-16",
    behaviour: "Where the store reports changes a revoked device is refused at once",
  },
  {
    id: "store:acknowledged-is-kept",
    source: "docs/adr/0006-state.md",
    behaviour: "What was acknowledged is there after the store is opened again",
  },
  {
    id: "store:bounded",
    source: "docs/adr/0006-state.md",
    behaviour: "Documents, tables and logs are bounded by count and bytes",
  },
  {
    id: "store:claimed-once",
    source: "docs/adr/0006-state.md",
    behaviour: "Of those who add one key at once, exactly one adds it",
  },
  { id: "store:closed", source: "docs/adr/0006-state.md", behaviour: "After close every call says so" },
  {
    id: "store:compare-and-set",
    source: "docs/adr/0006-state.md",
    behaviour: "A write with an old revision changes nothing",
  },
  {
    id: "store:crash-at-any-byte",
    source: "docs/adr/0006-state.md",
    behaviour:
      "A crash at any operation and byte, by kill or power cut, leaves the old or the new state, and nothing blocks",
  },
  {
    id: "store:missing-is-empty",
    source: "docs/adr/0006-state.md",
    behaviour: "A document that was never written has its empty value",
  },
  { id: "store:modes", source: "docs/adr/0006-state.md", behaviour: "Folders 0700, files 0600" },
  { id: "store:names", source: "docs/adr/0006-state.md", behaviour: "A name can't leave the state folder" },
  {
    id: "store:one-holder",
    source: "docs/adr/0006-state.md",
    behaviour:
      "A lock between processes has one holder in every order of events, also while a dead holder's is taken over",
  },
  {
    id: "store:survives-kill",
    source: "docs/adr/0006-state.md",
    behaviour: "Kill -9 at random moments loses no acknowledged write",
  },
  {
    id: "store:updates-lose-nothing",
    source: "docs/adr/0006-state.md",
    behaviour: "Two processes (and any number of handles) that write at once lose nothing",
  },
  {
    id: "bus:bounded",
    source: "packages/bus/README.md",
    behaviour: "Subscriptions, handlers, waiting requests and cascades are bounded",
  },
  {
    id: "bus:listeners-are-isolated",
    source: "packages/bus/README.md",
    behaviour: "A listener that throws or rejects hurts no other and is reported",
  },
  {
    id: "bus:requests-end",
    source: "packages/bus/README.md",
    behaviour: "A request ends with an answer, a failure, its timeout, its signal, or close",
  },
  {
    id: "bus:same-order-for-all",
    source: "packages/bus/README.md",
    behaviour: "All listeners see one order, also of messages published while one is delivered",
  },
  { id: "config:annotated", source: "docs/configuration.md", behaviour: "Every key has description, type and effect" },
  {
    id: "config:auth-precedence",
    source: "docs/configuration.md",
    behaviour: "Gateway: flag, config, environment; command: flag, environment, config; differences are said",
  },
  { id: "config:bounded", source: "docs/configuration.md", behaviour: "A file is bounded in length and depth" },
  {
    id: "config:env-spellings",
    source: "docs/configuration.md",
    behaviour: "Documented variables count in all four spellings, ours first",
  },
  {
    id: "config:first-write",
    source: "docs/configuration.md",
    behaviour: "The first configuration is written whole, private, and never over a file that is there",
  },
  { id: "config:json5", source: "docs/configuration.md", behaviour: "The file is JSON5" },
  {
    id: "config:last-good",
    source: "docs/configuration.md",
    behaviour: "A broken file never ends in a crash loop: the last good one runs and says so",
  },
  {
    id: "config:later-keys",
    source: "docs/configuration.md",
    behaviour: "A documented key of later work is accepted with a warning",
  },
  { id: "config:never-throws", source: "docs/configuration.md", behaviour: "No text makes decoding throw" },
  {
    id: "config:no-placeholder-secret",
    source: "docs/configuration.md",
    behaviour: "A redaction placeholder is never accepted as a secret",
  },
  {
    id: "config:no-prototype-keys",
    source: "docs/configuration.md",
    behaviour: "__proto__, constructor, prototype are refused everywhere",
  },
  { id: "config:port-precedence", source: "docs/configuration.md", behaviour: "Flag, environment, config, default" },
  {
    id: "config:redaction",
    source: "docs/configuration.md",
    behaviour: "No secret is left in a shown configuration; every secret is told to the log redactor",
  },
  { id: "config:reference", source: "docs/configuration.md", behaviour: "Docs/configuration.md is what the notes say" },
  {
    id: "config:reload-plan",
    source: "docs/configuration.md",
    behaviour: "Every change has one known effect; meta has none",
  },
  {
    id: "config:restore",
    source: "docs/configuration.md",
    behaviour: "Placeholders that come back become their secrets again, or are an error",
  },
  {
    id: "config:safe-defaults",
    source: "docs/configuration.md",
    behaviour: "Defaults listen on loopback alone and weaken nothing",
  },
  {
    id: "config:secret-stays-home",
    source: "docs/configuration.md",
    behaviour: "A configured secret is shown only to the gateway it belongs to",
  },
  { id: "config:secrets-unspoken", source: "docs/configuration.md", behaviour: "No error repeats a secret" },
  {
    id: "config:strict",
    source: "docs/configuration.md",
    behaviour: "An unknown key or wrong value is an error with file, line, and nearest key or what was expected",
  },
  {
    id: "config:substitution",
    source: "docs/configuration.md",
    behaviour:
      "Variables in braces after a dollar sign are filled in from the environment; a doubled dollar sign keeps them; a missing one is an error that names key and variable.",
  },
  {
    id: "config:taken-over",
    source: "docs/configuration.md",
    behaviour: "A state folder that is taken over keeps its configuration's name",
  },
  { id: "gateway:any-path", source: "docs/protocol.md", behaviour: "A client may connect on any path." },
  {
    id: "gateway:audit",
    source: "docs/adr/0004-local.md",
    behaviour: "Every privileged act is recorded, done or refused, with who ordered it.",
  },
  {
    id: "gateway:auth-sources",
    source: "docs/configuration.md",
    behaviour:
      "For a gateway the flag wins over the file and the file over the environment, and the plan says which it was.",
  },
  {
    id: "gateway:dead-peer",
    source: "docs/adr/0010-slow-readers.md",
    behaviour: "A peer that answers neither messages nor pings for two ticks is gone.",
  },
  {
    id: "gateway:descriptions",
    source: "docs/protocol.md",
    behaviour: "Every method that changes who may do what is described as privileged.",
  },
  {
    id: "gateway:device-orders",
    source: "docs/errors.md",
    behaviour: "Unknown requests and devices get a named error with the command that mends it.",
  },
  { id: "gateway:file-modes", source: "docs/security.md", behaviour: "Folders are made 0700 and files 0600." },
  {
    id: "gateway:first-frame",
    source: "docs/protocol.md",
    behaviour:
      "What is not JSON ends the handshake without a word; another first request than connect is answered, then hung up on.",
  },
  {
    id: "gateway:full",
    source: "docs/adr/0010-slow-readers.md",
    behaviour: "A gateway that is full says so, and when to try again.",
  },
  {
    id: "gateway:fuzz-headers",
    source: "docs/security.md R-03",
    behaviour: "No Host or forwarding header makes a remote peer local, and none makes attribution throw.",
  },
  {
    id: "gateway:fuzz-origin",
    source: "docs/security.md R-04",
    behaviour: "No Origin but the own one gets in, and none makes the decision throw.",
  },
  {
    id: "gateway:fuzz-presence",
    source: "docs/protocol.md",
    behaviour: "No text makes reading a presence line throw.",
  },
  {
    id: "gateway:fuzz-url",
    source: "docs/security.md R-23",
    behaviour:
      "Whatever target, Host and Origin a peer sends, it gets an answer or is hung up on, and what is taken for a plain path means the same after normalising.",
  },
  {
    id: "gateway:handshake-deadline",
    source: "docs/protocol.md",
    behaviour: "A handshake that is not finished in time is hung up on, without a word.",
  },
  {
    id: "gateway:http-health",
    source: "packages/gateway/README.md",
    behaviour: "/healthz and /readyz answer anybody, and say no more than that it runs.",
  },
  {
    id: "gateway:idempotency",
    source: "docs/protocol.md",
    behaviour:
      "A repeat with the same idempotency key gets the first answer and never runs again; other params or another caller are no repeat.",
  },
  {
    id: "gateway:internal-error",
    source: "docs/errors.md",
    behaviour: "What goes wrong inside is told as such, without its text.",
  },
  {
    id: "gateway:local-owner",
    source: "docs/adr/0004-local.md",
    behaviour: "A local program that knows the shared secret gets in without a device, with the scopes it asks for.",
  },
  {
    id: "gateway:memory",
    source: "docs/adr/0010-slow-readers.md",
    behaviour: "Without memory for it a request is refused, to be tried again.",
  },
  {
    id: "gateway:metadata",
    source: "docs/security.md R-49",
    behaviour: "What a device says of itself reaches its owner without control characters.",
  },
  {
    id: "gateway:metrics",
    source: "packages/gateway/README.md",
    behaviour: "/metrics answers the shared secret in the Prometheus text format.",
  },
  {
    id: "gateway:no-scopes-waits",
    source: "docs/adr/0003-scopes.md",
    behaviour:
      "A device that names no scopes waits for its owner, who decides what it may do; never admin by omission.",
  },
  {
    id: "gateway:not-served",
    source: "docs/adr/0002-one-contract.md",
    behaviour: "A method of later work says that it is not served.",
  },
  {
    id: "gateway:one-request",
    source: "docs/adr/0003-scopes.md",
    behaviour:
      "A device that tries again keeps its one pairing request, which lists everything that is missing and the command that mends it.",
  },
  {
    id: "gateway:pair-and-return",
    source: "README.md",
    behaviour:
      "A remote device is told to wait, is approved, and comes back with its own token alone, which is shown once.",
  },
  {
    id: "gateway:pair-events",
    source: "docs/protocol.md",
    behaviour: "Whoever may approve devices hears of each request and of its end.",
  },
  {
    id: "gateway:params",
    source: "docs/protocol.md",
    behaviour: "Params that don't fit are named by place, and nothing runs.",
  },
  {
    id: "gateway:presence-bounded",
    source: "docs/protocol.md",
    behaviour: "More than two hundred rows of presence are never kept.",
  },
  { id: "gateway:presence-cli", source: "docs/protocol.md", behaviour: "A command line leaves no row of presence." },
  {
    id: "gateway:presence-device",
    source: "docs/protocol.md",
    behaviour: "The operator and the node of one device are one row of presence.",
  },
  {
    id: "gateway:presence-life",
    source: "docs/protocol.md",
    behaviour: "A row of presence without news is gone after five minutes; an open connection keeps its row fresh.",
  },
  {
    id: "gateway:presence-snapshot",
    source: "docs/protocol.md",
    behaviour: "hello-ok already shows who just came, and everybody who may see it is told.",
  },
  {
    id: "gateway:queue",
    source: "docs/adr/0010-slow-readers.md",
    behaviour: "More requests than a connection may have under way are refused, to be tried again.",
  },
  {
    id: "gateway:readable-logs",
    source: "packages/gateway/README.md",
    behaviour: "On a terminal a log line is time, level, message and fields.",
  },
  { id: "gateway:readme", source: "packages/gateway/README.md", behaviour: "The program of the README compiles." },
  {
    id: "gateway:remote-mode",
    source: "docs/configuration.md",
    behaviour: "A machine that is set up for a gateway elsewhere runs none by accident.",
  },
  {
    id: "gateway:rotate",
    source: "docs/adr/0005-device-tokens.md",
    behaviour: "After a rotation the old token is good for coming back, and ends with the first use of the new one.",
  },
  {
    id: "gateway:scope-order",
    source: "docs/protocol.md",
    behaviour: "Role first, then scope; only an admin learns that a method doesn't exist.",
  },
  {
    id: "gateway:scope-table",
    source: "docs/security.md R-10",
    behaviour: "A method runs only if the caller's scopes satisfy the method's own.",
  },
  { id: "gateway:seq", source: "docs/protocol.md", behaviour: "Each connection counts its own events without gaps." },
  {
    id: "gateway:shutdown",
    source: "docs/adr/0009-starting-and-ending.md",
    behaviour: "A gateway that restarts says so and when it will be back, then closes with 1012.",
  },
  {
    id: "gateway:slow-consumer",
    source: "docs/adr/0010-slow-readers.md",
    behaviour: "A reader above the limit is ended by an event that may not be dropped, and by no other.",
  },
  {
    id: "gateway:slow-reader",
    source: "docs/adr/0010-slow-readers.md",
    behaviour:
      "A slow reader misses what the next event replaces, gets the newest once he has caught up, and holds up nobody.",
  },
  {
    id: "gateway:stale-client",
    source: "docs/security.md R-06",
    behaviour: "A program that repeats one wrong credential locks nobody out.",
  },
  {
    id: "gateway:state-lock",
    source: "docs/adr/0009-starting-and-ending.md",
    behaviour: "One state has one gateway; --force asks the one that holds it to end.",
  },
  {
    id: "gateway:state-machine",
    source: "packages/gateway/README.md",
    behaviour: "Every input is defined in every state of a connection; only proof, pairing and hello-ok lead to ready.",
  },
  {
    id: "gateway:state-version",
    source: "docs/protocol.md",
    behaviour: "Presence and health events carry both counters; other events none.",
  },
  {
    id: "gateway:system-event",
    source: "docs/protocol.md",
    behaviour:
      "Of a system event explicit values win over its text, and those over what was known; other text reaches the main session as it is.",
  },
  {
    id: "gateway:tailnet-local",
    source: "docs/adr/0004-local.md",
    behaviour: "This host's own tailnet address is local only when reached from itself, by that name.",
  },
  {
    id: "gateway:tailscale",
    source: "docs/security.md R-24",
    behaviour:
      "An identity that Tailscale vouches for counts as a credential for connections, only when everything fits, and never as local.",
  },
  {
    id: "gateway:tls-certificate",
    source: "docs/adr/0008-own-small-parts.md",
    behaviour:
      "A generated certificate is one that Node accepts, for the host's names, with the fingerprint that is pinned.",
  },
  {
    id: "gateway:tls-files",
    source: "docs/configuration.md",
    behaviour: "Certificate and key are made once, 0600, kept, and never half of them.",
  },
  {
    id: "gateway:too-large",
    source: "docs/protocol.md",
    behaviour: "After hello-ok a frame above the limit closes with 1009.",
  },
  {
    id: "gateway:two-hosts",
    source: "docs/security.md R-02",
    behaviour: "A request with two Host headers is refused.",
  },
  {
    id: "cli:gateway-flags",
    source: "apps/cli/README.md",
    behaviour: "An unknown flag, a missing value and a value that is no choice are usage errors.",
  },
  { id: "interop:advertised", source: "docs/protocol.md", behaviour: "Every advertised method is served." },
  {
    id: "interop:authorization",
    source: "docs/protocol.md",
    behaviour: "Role before scope, scope before existence, existence before service.",
  },
  {
    id: "interop:close-codes",
    source: "docs/protocol.md",
    behaviour: "1009, 1012, 1013 and 4000 are sent when documented.",
  },
  {
    id: "interop:early-failures",
    source: "docs/protocol.md",
    behaviour: "Each failure before hello-ok ends as documented, in text and in binary messages.",
  },
  {
    id: "interop:later-failures",
    source: "docs/protocol.md",
    behaviour: "After hello-ok a bad message costs an answer at most; binary requests and unknown keys are accepted.",
  },
  {
    id: "interop:negotiation",
    source: "docs/protocol.md",
    behaviour: "The highest common revision wins and shapes hello-ok and errors; none in common closes with 1002.",
  },
  {
    id: "interop:published-forms",
    source: "docs/protocol.md",
    behaviour: "The published validators take every frame, hello-ok, event and typed result of ours.",
  },
  {
    id: "interop:reference-local-silent",
    source: "docs/protocol.md",
    behaviour:
      "The reference client's first local device that names its scopes is paired at once and stores its token.",
  },
  {
    id: "interop:reference-local-token",
    source: "docs/protocol.md",
    behaviour:
      "The published reference client connects locally with the shared token and no device, and calls health, status, system-presence.",
  },
  {
    id: "interop:reference-remote-network",
    source: "docs/protocol.md",
    behaviour: "The same over a network namespace, with the client's own address shown to the owner.",
  },
  {
    id: "interop:reference-remote-proxy",
    source: "docs/protocol.md",
    behaviour:
      "Behind a proxy: told to pair, approved, own token alone, events without gaps, rotation in two phases, revocation.",
  },
  {
    id: "interop:reference-restart",
    source: "docs/protocol.md",
    behaviour: "The reference client is told of a stop, sees 1012, and comes back by itself.",
  },
  {
    id: "interop:reference-wrong-token",
    source: "docs/protocol.md",
    behaviour: "The reference client with a wrong token pauses by itself instead of hammering.",
  },
  {
    id: "interop:refusals",
    source: "docs/protocol.md",
    behaviour:
      "Each refused connect has its code, message, details.code, close code and close reason, in both revisions.",
  },
  {
    id: "interop:revision-3-ids",
    source: "docs/protocol.md",
    behaviour:
      "Clients of every brand and every plain id walk the whole way in revision 3: binary frames, no scopes, strict readers.",
  },
  {
    id: "interop:revision-3-local-no-nonce",
    source: "docs/protocol.md",
    behaviour: "A local revision 3 client may sign without the nonce.",
  },
  {
    id: "interop:revision-3-local-token",
    source: "docs/protocol.md",
    behaviour: "A local program without a device gets the scopes that it names, and none by omission.",
  },
  {
    id: "interop:revision-3-node",
    source: "docs/protocol.md",
    behaviour: "A node of any brand is admitted as a node and may call no operator method.",
  },
  {
    id: "interop:revision-3-remote-nonce",
    source: "docs/protocol.md",
    behaviour: "A remote client must sign the nonce.",
  },
  {
    id: "interop:revision-3-remote-token",
    source: "docs/protocol.md",
    behaviour: "From elsewhere the shared token alone is refused with DEVICE_IDENTITY_REQUIRED.",
  },
  {
    id: "interop:revision-3-silent",
    source: "docs/protocol.md",
    behaviour: "A first local device in revision 3 that names its scopes is paired at once.",
  },
  {
    id: "interop:revision-3-strict",
    source: "docs/protocol.md",
    behaviour:
      "Frames have no unknown keys, no null error, and both counters in stateVersion; hello-ok decodes strictly.",
  },
  {
    id: "interop:slow-consumer",
    source: "docs/protocol.md",
    behaviour: "A reader that stopped is ended by what may not be dropped; others are not held up.",
  },
  { id: "interop:transcript-bad-token", source: "docs/protocol.md", behaviour: "A wrong token, and none at all." },
  {
    id: "interop:transcript-device-token",
    source: "docs/protocol.md",
    behaviour: "Reconnecting with a device token, rotation, and the end of the old token.",
  },
  {
    id: "interop:transcript-local",
    source: "docs/protocol.md",
    behaviour: "A local command line's new device: hello-ok and events as in the transcript.",
  },
  { id: "interop:transcript-mismatch", source: "docs/protocol.md", behaviour: "A client of an unknown revision." },
  {
    id: "interop:transcript-pairing",
    source: "docs/protocol.md",
    behaviour: "A remote operator waits, is approved, comes back.",
  },
  {
    id: "interop:transcript-shutdown",
    source: "docs/protocol.md",
    behaviour: "Shutdown, then 1012; after a restart seq starts again.",
  },
  {
    id: "bind:owner-reaches-it",
    source: "docs/adr/0009-starting-and-ending.md",
    behaviour: "A gateway bound to an address of its own listens on loopback too, where the owner's commands find it.",
  },
  {
    id: "service:stops-listening",
    source: "docs/adr/0009-starting-and-ending.md",
    behaviour: "A gateway that has stopped listens no more: its process ends, a restart can bind its port again.",
  },
  {
    id: "cli:allow-unconfigured",
    source: "apps/cli/README.md",
    behaviour: "--allow-unconfigured starts without a configuration and writes none.",
  },
  {
    id: "cli:bind",
    source: "apps/cli/README.md",
    behaviour: "Beyond this machine only with a secret of its own, and then it really listens there.",
  },
  {
    id: "cli:completion",
    source: "apps/cli/README.md",
    behaviour: "Bash offers commands, then their options, past options and their values.",
  },
  {
    id: "cli:config-open",
    source: "apps/cli/README.md",
    behaviour: "A configuration that others may read is said to be one.",
  },
  {
    id: "cli:crash",
    source: "apps/cli/README.md",
    behaviour: "The lock of one that was killed doesn't keep the next from starting.",
  },
  {
    id: "cli:dev",
    source: "apps/cli/README.md",
    behaviour: "--dev is the profile dev on port 19001, before or after the command, and not beside another profile.",
  },
  {
    id: "cli:devices",
    source: "apps/cli/README.md",
    behaviour: "One that asks is listed with its name and address, and one command lets it in.",
  },
  {
    id: "cli:devices-naming",
    source: "apps/cli/README.md",
    behaviour: "A request and a device may be named by their beginning, a device by its name, and nothing by less.",
  },
  {
    id: "cli:devices-offline",
    source: "apps/cli/README.md",
    behaviour:
      "While no gateway runs its owner approves, renames and revokes in the state folder, and the next gateway knows.",
  },
  {
    id: "cli:devices-reject",
    source: "apps/cli/README.md",
    behaviour: "One that was rejected isn't paired, and asks anew when it comes again.",
  },
  {
    id: "cli:devices-remove",
    source: "apps/cli/README.md",
    behaviour: "One that was removed is unknown, and its connection is closed.",
  },
  {
    id: "cli:devices-revoke",
    source: "apps/cli/README.md",
    behaviour: "Revoking closes the device's connection before the command ends, and its token opens nothing any more.",
  },
  { id: "cli:devices-role", source: "apps/cli/README.md", behaviour: "A device of two roles asks which one is meant." },
  {
    id: "cli:devices-rotate",
    source: "apps/cli/README.md",
    behaviour: "Rotating has the device exchange its token when it comes back; the command sees no secret.",
  },
  {
    id: "cli:first-start",
    source: "apps/cli/README.md",
    behaviour: "A first start writes a configuration with a fresh secret, 0600 in 0700, says so, and answers.",
  },
  {
    id: "cli:force",
    source: "apps/cli/README.md",
    behaviour: "--force ends the one that holds the state, in order, and takes its place.",
  },
  {
    id: "cli:gateway-call",
    source: "apps/cli/README.md",
    behaviour: "saltgate gateway call calls any method: its result is JSON, its refusals are errors with their codes.",
  },
  {
    id: "cli:gateway-probe",
    source: "apps/cli/README.md",
    behaviour: "Every gateway that is known is tried at once, and one that answers is enough.",
  },
  {
    id: "cli:gateway-status",
    source: "apps/cli/README.md",
    behaviour: "It tells without a connection whether one runs, on which state and port.",
  },
  {
    id: "cli:global-options",
    source: "apps/cli/README.md",
    behaviour: "Global options mean the same before, between and after the names of a command.",
  },
  {
    id: "cli:health",
    source: "apps/cli/README.md",
    behaviour: "saltgate health tells it in words, and with --json as the gateway's own JSON.",
  },
  {
    id: "cli:help",
    source: "apps/cli/README.md",
    behaviour: "Without words, with --help and with -h it says which commands there are.",
  },
  {
    id: "cli:hostile-names",
    source: "apps/cli/README.md",
    behaviour: "Names and words that others chose never reach a terminal with control or format characters.",
  },
  {
    id: "cli:insecure-url",
    source: "apps/cli/README.md",
    behaviour: "Plain text beyond private addresses is refused before anything is sent.",
  },
  {
    id: "cli:json-errors",
    source: "apps/cli/README.md",
    behaviour: "With --json every failure is one line of JSON with its code, its message and what mends it.",
  },
  {
    id: "cli:last-good",
    source: "apps/cli/README.md",
    behaviour: "A broken configuration runs on the last good one, degraded, and says so everywhere.",
  },
  {
    id: "cli:lazy",
    source: "apps/cli/README.md",
    behaviour:
      "A command loads only what it needs: no help, version or failing command loads the server or the schemas.",
  },
  {
    id: "cli:missing-secret",
    source: "apps/cli/README.md",
    behaviour: "A configuration without a secret doesn't start: 78, and the command that mends it.",
  },
  {
    id: "cli:no-last-good",
    source: "apps/cli/README.md",
    behaviour: "With nothing good to fall back on it starts on loopback, lets paired devices in and nobody else.",
  },
  {
    id: "cli:no-secrets",
    source: "apps/cli/README.md",
    behaviour: "No output of any command, and no log, holds a secret; a gateway that doesn't start repeats none.",
  },
  {
    id: "cli:not-permitted",
    source: "apps/cli/README.md",
    behaviour: "A wrong secret and a device that waits end with 4, and say what to do.",
  },
  {
    id: "cli:one-gateway",
    source: "apps/cli/README.md",
    behaviour: "A second one on the same state ends with 78, names the process, and leaves the first alone.",
  },
  {
    id: "cli:lost-reader",
    source: "apps/cli/README.md",
    behaviour:
      "A reader that has had enough, as head does, ends a command without a word; output that can't be written is a failure that says so.",
  },
  {
    id: "cli:port-taken",
    source: "apps/cli/README.md",
    behaviour: "A port that another program holds ends with 78 and names it.",
  },
  {
    id: "cli:profiles",
    source: "apps/cli/README.md",
    behaviour: "Two profiles under one home share no file, no port's state, no device and no token.",
  },
  {
    id: "cli:restart",
    source: "apps/cli/README.md",
    behaviour: "SIGUSR1 restarts in the same process, clients are told when and come back by themselves.",
  },
  {
    id: "cli:setup",
    source: "apps/cli/README.md",
    behaviour: "--yes writes a configuration that a gateway starts with, and never over one that is there.",
  },
  {
    id: "cli:state-dir",
    source: "apps/cli/README.md",
    behaviour: "SALTGATE_STATE_DIR moves everything; nothing is written under the home.",
  },
  {
    id: "cli:status",
    source: "apps/cli/README.md",
    behaviour: "With a gateway it tells who answers, who is there and how it got in.",
  },
  {
    id: "cli:stop",
    source: "apps/cli/README.md",
    behaviour: "SIGTERM and SIGINT say goodbye to everybody with shutdown and 1012, and end with 0.",
  },
  {
    id: "cli:tls",
    source: "apps/cli/README.md",
    behaviour: "Over TLS its own gateway's certificate is pinned by itself, and a wrong pin is refused.",
  },
  {
    id: "cli:token-source",
    source: "apps/cli/README.md",
    behaviour: "It says which token won, flag before environment before configuration, and which lost.",
  },
  {
    id: "cli:unreachable",
    source: "apps/cli/README.md",
    behaviour: "Every command that needs a gateway ends with 3 when nobody answers, and says how to start one.",
  },
  {
    id: "cli:usage",
    source: "apps/cli/README.md",
    behaviour: "Words that are off are usage errors with 2, the nearest known word, and how to go on.",
  },
  {
    id: "cli:version",
    source: "apps/cli/README.md",
    behaviour: "--version and -v say the version, anywhere among the words of no command.",
  },
  {
    id: "pairing:lost-answer",
    source: "docs/adr/0005-device-tokens.md",
    behaviour:
      "A device that never heard of its token is told another one, and the one before stays good until that is used.",
  },
  {
    id: "scenario:half-open",
    source: "README.md",
    behaviour:
      "While 200 sockets are half open and garbage comes in, a client gets its answers, a new one gets in, and a device elsewhere can ask.",
  },
  {
    id: "scenario:kill-while-pairing",
    source: "README.md",
    behaviour:
      "A gateway that is killed again and again while its owners approve, reject, revoke, remove and rotate forgets nothing that it acknowledged, and lets nobody in whom nobody approved.",
  },
  {
    id: "scenario:remote-device",
    source: "README.md",
    behaviour:
      "A device behind a proxy asks and waits, its owner approves it with one command, it comes back with its own token alone, and revoking ends it at once.",
  },
  {
    id: "scenario:remote-device-network",
    source: "README.md",
    behaviour:
      "A device in another network namespace asks over a real address, waits, is approved, and comes back with its own token.",
  },
  {
    id: "scenario:two-writers",
    source: "README.md",
    behaviour: "A gateway and commands that work on its files at the same time lose nothing of each other.",
  },
  {
    id: "gateway:log-after-end",
    source: "docs/adr/0009-starting-and-ending.md",
    behaviour: "A line that comes after the log was closed is dropped, and fails nobody.",
  },
  {
    id: "gateway:long-waits",
    source: "packages/gateway/README.md",
    behaviour: "A wait that is longer than the system's timers take isn't over at once.",
  },
  {
    id: "gateway:log-full-disk",
    source: "docs/adr/0009-starting-and-ending.md",
    behaviour: "A log file that can't be written for want of room fails nobody, and the console says so once.",
  },
  {
    id: "gateway:complete-handlers",
    source: "docs/adr/0002-one-contract.md",
    behaviour: "A served method without a handler does not compile, and exactly the served methods are advertised.",
  },
];
