import { type DeviceIdentity, type Ed25519Engine, signConnect } from "@saltgate/identity";
import type { ConnectParams, Role } from "@saltgate/protocol";
import type { ConnectAuth } from "./connect-auth.ts";
import type { Dialect } from "./dialect.ts";
import type { Challenge } from "./hello.ts";

/** What a program says of itself. None of it changes what it may do. */
export interface ClientInfo {
  /** A name from the protocol's list, like `gateway-client`, `cli` or `node-host`. */
  readonly id: string;
  readonly mode: string;
  readonly version: string;
  /** Like `linux`, `darwin`, `win32`, `android`, `web`. */
  readonly platform: string;
  readonly displayName?: string | undefined;
  readonly deviceFamily?: string | undefined;
  readonly modelIdentifier?: string | undefined;
  /** Stable for one installation. */
  readonly instanceId?: string | undefined;
}

/** What a connect request asks for. */
export interface ConnectWish {
  readonly client: ClientInfo;
  readonly role: Role;
  /** Left out of the request when `undefined`: the gateway then grants what the owner approved. */
  readonly scopes: readonly string[] | undefined;
  readonly caps: readonly string[];
  readonly commands: readonly string[] | undefined;
  readonly permissions: Readonly<Record<string, boolean>> | undefined;
  readonly pathEnv: string | undefined;
}

/** Who signs. */
export interface Signer {
  readonly identity: DeviceIdentity;
  readonly engine: Ed25519Engine;
  /** The own clock, for gateways whose challenge carries no usable time. */
  readonly nowMs: number;
}

/** Writes and signs the params of `connect`. Keys without a value are left out: strict gateways refuse `null`. */
export async function connectParams(
  wish: ConnectWish,
  dialect: Dialect,
  auth: ConnectAuth | undefined,
  signer: Signer | undefined,
  challenge: Challenge | undefined,
): Promise<ConnectParams> {
  const client = withoutAbsent(wish.client);
  const scopes = wish.scopes === undefined ? undefined : [...wish.scopes];
  const device =
    signer &&
    (await signConnect(signer.engine, signer.identity, {
      version: dialect.payload,
      clientId: client.id,
      clientMode: client.mode,
      role: wish.role,
      scopes: scopes ?? [],
      token: auth?.token ?? auth?.bootstrapToken,
      platform: client.platform,
      deviceFamily: client.deviceFamily,
      signedAtMs: challenge?.ts ?? signer.nowMs,
      nonce: dialect.payload === "v1" ? undefined : challenge?.nonce,
    }));
  return withoutAbsent({
    minProtocol: dialect.min,
    maxProtocol: dialect.max,
    client,
    role: wish.role,
    scopes,
    caps: [...wish.caps],
    commands: wish.commands === undefined ? undefined : [...wish.commands],
    permissions: wish.permissions === undefined ? undefined : { ...wish.permissions },
    pathEnv: wish.pathEnv,
    device,
    auth: auth === undefined ? undefined : { ...auth },
  }) as ConnectParams;
}

type Present<T> = { [K in keyof T]: Exclude<T[K], undefined> };

function withoutAbsent<T extends object>(row: T): Present<T> {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined)) as Present<T>;
}
