/** Revisions of the wire protocol that this package describes, oldest first. */
export const PROTOCOL_VERSIONS = [3, 4] as const;

/** A revision that we can speak. */
export type ProtocolVersion = (typeof PROTOCOL_VERSIONS)[number];

/** The revision that our own clients ask for first. */
export const LATEST_PROTOCOL_VERSION: ProtocolVersion = 4;

/** What a version negotiation came to. */
export type Negotiation =
  | { readonly ok: true; readonly version: ProtocolVersion }
  | {
      readonly ok: false;
      /** The revision that the peer would have to speak: the newest for a peer that is ahead, the oldest for one that is behind. */
      readonly expectedProtocol: ProtocolVersion;
    };

/**
 * The highest revision inside the peer's range wins. A range that ends before it begins matches nothing.
 * Source: docs/protocol.md, "Versions".
 */
export function negotiateVersion(minProtocol: number, maxProtocol: number): Negotiation {
  for (const version of [...PROTOCOL_VERSIONS].reverse()) {
    if (minProtocol <= version && version <= maxProtocol) return { ok: true, version };
  }
  return {
    ok: false,
    expectedProtocol: maxProtocol < PROTOCOL_VERSIONS[0] ? PROTOCOL_VERSIONS[0] : LATEST_PROTOCOL_VERSION,
  };
}
