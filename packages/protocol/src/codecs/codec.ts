import type { HelloOk } from "../connect.ts";
import type { ErrorShape } from "../errors.ts";
import type { EventName, PayloadOf } from "../events/events.ts";
import type { StateVersion } from "../frames.ts";
import type { HealthSummary } from "../health.ts";
import type { MethodName, ResultOf } from "../methods/methods.ts";
import type { PresenceEntry } from "../presence.ts";
import type { ProtocolVersion } from "../versions.ts";

/** What `hello-ok` says, before it is put into the words of a revision. */
export interface Hello {
  readonly serverVersion: string;
  readonly serverCommit?: string | undefined;
  readonly serverHost?: string | undefined;
  readonly connId: string;
  readonly methods: readonly string[];
  readonly events: readonly string[];
  readonly presence: readonly PresenceEntry[];
  readonly health: Partial<HealthSummary>;
  readonly stateVersion: StateVersion;
  readonly uptimeMs: number;
  /** Paths on the gateway's disk. Pass them for admins only (rule R-19). */
  readonly paths?: { readonly configPath: string; readonly stateDir: string } | undefined;
  readonly authMode: "token" | "password";
  readonly sessionDefaults?: {
    readonly defaultAgentId: string;
    readonly mainKey: string;
    readonly mainSessionKey: string;
    readonly scope?: string;
  };
  readonly role: string;
  /** What the connection may do. */
  readonly scopes: readonly string[];
  /** A device token that was issued just now, to be shown to its device this once. */
  readonly issuedToken?: { readonly secret: string; readonly issuedAtMs: number } | undefined;
  readonly canvasUrl?: string | undefined;
  readonly policy: { readonly maxPayload: number; readonly maxBufferedBytes: number; readonly tickIntervalMs: number };
}

/**
 * How one revision of the protocol says what the gateway means. The gateway thinks in the newest terms;
 * a codec turns them into the words of its revision.
 */
export interface ProtocolCodec {
  readonly version: ProtocolVersion;
  hello(hello: Hello): HelloOk;
  error(error: ErrorShape): ErrorShape;
  event<E extends EventName>(name: E, payload: PayloadOf<E>): unknown;
  result<M extends MethodName>(name: M, result: ResultOf<M>): unknown;
}
