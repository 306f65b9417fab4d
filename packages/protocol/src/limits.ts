/**
 * Every bound of the wire, with its name. A gateway may be configured to tighter values and advertises
 * the ones that hold in `hello-ok.policy`; both protocol revisions share them.
 */
export const LIMITS = {
  /** Largest frame before `hello-ok`, in bytes. A peer that has proven nothing gets little. */
  maxPreAuthFrameBytes: 65_536,
  /** Largest inbound frame after `hello-ok`, in bytes; larger ones close the socket with 1009. */
  maxPayloadBytes: 26_214_400,
  /** Outbound bytes that may wait on one socket before its reader counts as slow. */
  maxBufferedBytes: 52_428_800,
  /** Time from accepting the socket to `hello-ok`, in milliseconds. */
  handshakeTimeoutMs: 15_000,
  /** Interval of the `tick` event, in milliseconds. A client may give up after two without any frame. */
  tickIntervalMs: 15_000,
  /** How far a device's clock may be from ours when it signs, in milliseconds, either way. */
  signatureSkewMs: 600_000,
  /** Life of a pairing request, in milliseconds. */
  pairingTtlMs: 300_000,
  /** A presence row that nobody refreshed is gone after this many milliseconds. */
  presenceTtlMs: 300_000,
  /** Presence rows kept; the oldest go first. */
  maxPresenceEntries: 200,
  /** Life of a remembered idempotent answer, in milliseconds. */
  idempotencyTtlMs: 300_000,
  /** Remembered idempotent answers; the oldest go first. */
  maxIdempotencyEntries: 1_000,
  /** Longest close reason, in bytes of UTF-8 (RFC 6455 allows 123). */
  maxCloseReasonBytes: 120,
  /** How deep arrays and objects of a request may be nested. A gateway's own frames, which wrap what it is told, twice as deep. */
  maxJsonDepth: 256,
  /** Longest id, method and event name in a frame, in characters. */
  maxNameChars: 256,
  /** Longest short text of a client (display name, version, platform), in characters. */
  maxClientTextChars: 256,
  /** Longest credential that a client may present, in characters. */
  maxCredentialChars: 4_096,
  /** Most entries in a list of scopes, capabilities or commands at connect. */
  maxListEntries: 256,
  /** Largest decoded attachment, in bytes. */
  maxAttachmentBytes: 5_000_000,
  /** Attachments that one message may carry. */
  maxAttachments: 16,
  /** Longest session key, in characters. */
  maxSessionKeyChars: 512,
  /** Longest label of a session, in characters. Revision 3 clients expect 64 and cut what is longer. */
  maxLabelChars: 512,
  /** Most messages that one `chat.history` returns. */
  maxHistoryMessages: 1_000,
  /** Largest `chat.history` answer, in bytes of JSON; the oldest messages go first. */
  maxHistoryBytes: 6_291_456,
  /** Shortest time between two deltas of a run, in milliseconds. */
  chatDeltaIntervalMs: 150,
  /** Longest chunk of a node's streamed output or input, in characters. */
  maxNodeChunkChars: 16_384,
  /** How long a node may take for an invocation when its caller named no time, in milliseconds. */
  nodeInvokeTimeoutMs: 30_000,
  /** How long work for a sleeping node waits when its sender named no time, in milliseconds. */
  pendingWorkTtlMs: 86_400_000,
  /** The longest time that such work may wait, in milliseconds. */
  maxPendingWorkMs: 604_800_000,
  /** Pieces of work that may wait for one node. */
  maxPendingWorkPerNode: 64,
  /** How long an exec approval waits for a decision when its requester named no time, in milliseconds. */
  approvalTimeoutMs: 120_000,
  /** The longest life of an exec approval, in milliseconds. */
  maxApprovalTimeoutMs: 86_400_000,
  /** How long `agent.wait` waits when its caller named no time, in milliseconds. */
  agentWaitTimeoutMs: 30_000,
  /** Most lines that one `logs.tail` returns. */
  maxLogLines: 5_000,
  /** Most bytes that one `logs.tail` reads. */
  maxLogBytes: 1_000_000,
} as const;
