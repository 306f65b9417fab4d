/** One way in which a connection ends. */
export interface CloseCodeEntry {
  readonly code: number;
  /** The reason text, or what stands in it. */
  readonly reason: string;
  readonly sentBy: "gateway" | "client" | "either";
  /** Whether a client that sees it should come back by itself. `after-approval`: when its owner has acted. */
  readonly mayReconnect: "yes" | "no" | "after-approval";
  readonly meaning: string;
}

/** Close codes of the protocol, by the name used in our code. Source: docs/protocol.md, "Close codes". */
export const CLOSE_CODES = {
  Normal: {
    code: 1000,
    reason: "",
    sentBy: "either",
    mayReconnect: "yes",
    meaning: "The handshake timed out, its first message was not JSON, or the peer left in peace.",
  },
  ProtocolMismatch: {
    code: 1002,
    reason: "protocol mismatch",
    sentBy: "gateway",
    mayReconnect: "no",
    meaning: "No protocol revision in common.",
  },
  Policy: {
    code: 1008,
    reason: "(the error message)",
    sentBy: "gateway",
    mayReconnect: "no",
    meaning: "The handshake was refused; the response before it says why.",
  },
  PairingRequired: {
    code: 1008,
    reason: "pairing required…",
    sentBy: "gateway",
    mayReconnect: "after-approval",
    meaning: "The device waits for its owner's approval.",
  },
  SlowConsumer: {
    code: 1008,
    reason: "slow consumer",
    sentBy: "gateway",
    mayReconnect: "yes",
    meaning: "The reader was too slow and something that may not be dropped was due.",
  },
  CredentialsChanged: {
    code: 1008,
    reason: "credentials changed",
    sentBy: "gateway",
    mayReconnect: "yes",
    meaning: "What this connection was admitted with was rotated, revoked or removed.",
  },
  ConnectFailed: {
    code: 1008,
    reason: "connect failed",
    sentBy: "client",
    mayReconnect: "no",
    meaning: "The client read a refusal.",
  },
  TooLarge: {
    code: 1009,
    reason: "(from the library)",
    sentBy: "either",
    mayReconnect: "yes",
    meaning: "A frame was larger than the receiver accepts.",
  },
  ServiceRestart: {
    code: 1012,
    reason: "service restart",
    sentBy: "gateway",
    mayReconnect: "yes",
    meaning: "The gateway stops or restarts.",
  },
  TryAgainLater: {
    code: 1013,
    reason: "gateway starting",
    sentBy: "gateway",
    mayReconnect: "yes",
    meaning: "Not ready, or full; the response before it says when to try again.",
  },
  TickTimeout: {
    code: 4000,
    reason: "tick timeout",
    sentBy: "either",
    mayReconnect: "yes",
    meaning: "Nothing was heard of the other side for two tick intervals.",
  },
  ConnectFailedBrowser: {
    code: 4008,
    reason: "connect failed",
    sentBy: "client",
    mayReconnect: "no",
    meaning: "The same as 1008 from a browser, which may not send 1008.",
  },
} as const satisfies Record<string, CloseCodeEntry>;

/** Name of a row of {@link CLOSE_CODES}. */
export type CloseCodeName = keyof typeof CLOSE_CODES;

/**
 * Cuts a close reason to what fits into a close frame, never inside a character.
 * @param maxBytes at most this many bytes of UTF-8.
 */
export function truncateCloseReason(reason: string, maxBytes: number): string {
  let cut = "";
  let used = 0;
  for (const character of reason) {
    const point = character.codePointAt(0) ?? 0;
    used += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (used > maxBytes) return cut;
    cut += character;
  }
  return reason;
}
