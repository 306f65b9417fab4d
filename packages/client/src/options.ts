import type { DeviceIdentity, Ed25519Engine } from "@saltgate/identity";
import type { HelloOk, ProtocolVersion, Role, Scope } from "@saltgate/protocol";
import type { ClientClock } from "./clock.ts";
import type { ClientInfo } from "./connect-request.ts";
import type { ClientError, GatewayError } from "./errors.ts";
import type { ReconnectDelays } from "./reconnect.ts";
import type { OpenSocket } from "./socket.ts";
import type { TokenStore } from "./token-store.ts";

/** What a {@link GatewayClient} is made with. Only `url` is needed. */
export interface GatewayClientOptions {
  /** `ws://` or `wss://` (`http` and `https` mean the same), without credentials, query or fragment. */
  readonly url: string;
  /** The gateway's shared token. */
  readonly token?: string | undefined;
  /** The gateway's password. */
  readonly password?: string | undefined;
  /** The one-time code of an invitation. Shown only while the device has no token of this gateway. */
  readonly bootstrapToken?: string | undefined;
  /** SHA-256 of the gateway's certificate, in hex, colons or not. From a source that you trust. Not in browsers. */
  readonly tlsFingerprint?: string | undefined;
  /** What the program says of itself. @default a `gateway-client` in mode `backend` */
  readonly client?: Partial<ClientInfo> | undefined;
  /** @default "operator" */
  readonly role?: Role | undefined;
  /** What the program wants to do. Left out, the gateway grants what its owner approved for the device. */
  readonly scopes?: readonly (Scope | (string & {}))[] | undefined;
  readonly caps?: readonly string[] | undefined;
  /** Commands that a node offers. */
  readonly commands?: readonly string[] | undefined;
  /** Permissions that a node has on its machine. */
  readonly permissions?: Readonly<Record<string, boolean>> | undefined;
  /** The PATH that a node's commands see. */
  readonly pathEnv?: string | undefined;
  /** The device that the program runs on. Without one, only a local program that knows the shared secret gets in. */
  readonly identity?: DeviceIdentity | undefined;
  /** What signs. @default native crypto in Node, @noble/ed25519 elsewhere */
  readonly engine?: Ed25519Engine | undefined;
  /** Where device tokens are kept. @default in memory */
  readonly tokenStore?: TokenStore | undefined;
  /** Oldest and newest protocol revision to speak. @default [3, 4] */
  readonly versions?: readonly [ProtocolVersion, ProtocolVersion] | undefined;
  /** How to come back; `false` to leave that to the caller. @default { minDelayMs: 1_000, maxDelayMs: 60_000 } */
  readonly reconnect?: false | Partial<ReconnectDelays> | undefined;
  /** Whether to ask again, at most every 30 seconds, until the owner has approved the device. @default false */
  readonly waitForApproval?: boolean | undefined;
  /** How long a request waits for its answer, in milliseconds; 0 for as long as it takes. @default 30_000 */
  readonly requestTimeoutMs?: number | undefined;
  /** From dialling to hello-ok, in milliseconds. @default 15_000 */
  readonly connectTimeoutMs?: number | undefined;
  /** How long a gateway on this machine may take to send its challenge, in milliseconds. @default 2_000 */
  readonly challengeTimeoutMs?: number | undefined;
  /** Requests that may wait for their answers at once. @default 1_024 */
  readonly maxPendingRequests?: number | undefined;
  /** Break-glass of rule R-09: send credentials in plain text to public addresses. @default false */
  readonly allowInsecure?: boolean | undefined;
  /** What opens sockets. @default `ws` in Node, the platform's own WebSocket elsewhere */
  readonly webSocket?: OpenSocket | undefined;
  /** @default the machine's own clock */
  readonly clock?: ClientClock | undefined;
  /** 0 included to 1 excluded; for jitter only. @default Math.random */
  readonly random?: (() => number) | undefined;
}

/** What a client is doing. */
export type ClientState =
  /** Not yet asked to connect, or lost with `reconnect: false`; `error` says how. */
  | { readonly status: "idle"; readonly error?: ClientError | GatewayError }
  | { readonly status: "connecting" }
  | { readonly status: "connected"; readonly hello: HelloOk }
  /** Will try again by itself. With `requestId` it is the owner that it waits for. */
  | {
      readonly status: "waiting";
      readonly delayMs: number;
      readonly error: ClientError | GatewayError;
      readonly requestId?: string;
    }
  /** Nothing changes until somebody acts; then `resume()`. With `requestId` the owner has to approve the device. */
  | { readonly status: "paused"; readonly error: ClientError | GatewayError; readonly requestId?: string }
  /** `close()` was called. */
  | { readonly status: "closed" };

/** How one request is made. */
export interface RequestOptions {
  /** Milliseconds to wait for the answer; 0 for as long as it takes. @default the client's `requestTimeoutMs` */
  readonly timeoutMs?: number | undefined;
  /** Stops waiting. The gateway may still carry the request out. */
  readonly signal?: AbortSignal | undefined;
}
