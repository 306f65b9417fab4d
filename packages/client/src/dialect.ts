import type { ProtocolVersion } from "@saltgate/protocol";

/** Which revisions a connect request asks for, and how its device proof is written. */
export interface Dialect {
  readonly min: ProtocolVersion;
  readonly max: ProtocolVersion;
  /** Version of the signed text; `v1` has no nonce and is for a silent gateway on this machine only. */
  readonly payload: "v1" | "v2" | "v3";
}

/** What to try first. A gateway of revision 4 reads the newer proof; one that knows only 3 reads only the older. */
export function firstDialect(versions: readonly [ProtocolVersion, ProtocolVersion]): Dialect {
  const [min, max] = versions;
  return { min, max, payload: max >= 4 ? "v3" : "v2" };
}

/** The words of a gateway that knows revision 3 only; `undefined` where they are spoken already, or are not wanted. */
export function olderDialect(dialect: Dialect): Dialect | undefined {
  return dialect.max > 3 && dialect.min <= 3 ? { min: 3, max: 3, payload: "v2" } : undefined;
}

/**
 * What to say to a gateway that sent no challenge. Revision 3 gateways may leave it out for programs on their own
 * machine; anywhere else a proof without nonce could be replayed, so there is nothing to say.
 */
export function dialectWithoutChallenge(dialect: Dialect, isLoopback: boolean): Dialect | undefined {
  return isLoopback && dialect.min <= 3 ? { min: 3, max: 3, payload: "v1" } : undefined;
}
