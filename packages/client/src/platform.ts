import type { Ed25519Engine } from "@saltgate/identity";
import type { OpenSocket } from "./socket.ts";

/** What differs between Node and everything else. The import map of this package chooses one (`#platform`). */
export interface Platform {
  readonly openSocket: OpenSocket;
  readonly engine: Ed25519Engine;
  /** What `client.platform` says by default. */
  readonly name: string;
}
