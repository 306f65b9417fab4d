import type { ClientClock } from "./clock.ts";
import { systemClock } from "./clock.ts";
import { firstDialect } from "./dialect.ts";
import type { DialerOptions } from "./dialer.ts";
import { ClientError } from "./errors.ts";
import type { GatewayClientOptions } from "./options.ts";
import type { Platform } from "./platform.ts";
import type { ReconnectDelays } from "./reconnect.ts";
import { memoryTokenStore } from "./token-store.ts";
import { CLIENT_VERSION } from "./version.ts";

/** The options of a client, with everything filled in. */
export interface Settings extends Omit<DialerOptions, "onEvent" | "onBadFrame" | "onLost"> {
  readonly clock: ClientClock;
  readonly random: () => number;
  /** `undefined`: the caller comes back by itself. */
  readonly reconnect: ReconnectDelays | undefined;
  readonly requestTimeoutMs: number;
}

/** Longest wait that timers keep exactly, in milliseconds: about 24 days. */
const maxTimerMs = 2_147_483_647;

/** Fills in the defaults. @throws {ClientError} INVALID_OPTION */
export function resolveSettings(options: GatewayClientOptions, platform: Platform): Settings {
  const versions = options.versions ?? [3, 4];
  if (versions[0] > versions[1]) throw invalid("versions", "is [oldest, newest]");
  const delays =
    options.reconnect === false ? undefined : { minDelayMs: 1_000, maxDelayMs: 60_000, ...options.reconnect };
  if (delays !== undefined && !(isCount(delays.minDelayMs, 1) && isCount(delays.maxDelayMs, delays.minDelayMs)))
    throw invalid("reconnect", "has a minDelayMs of at least 1 and a maxDelayMs that is no smaller");
  return {
    url: options.url,
    tlsFingerprint: options.tlsFingerprint,
    allowInsecure: options.allowInsecure ?? false,
    // An empty secret is what an unset variable gives, and never a secret.
    token: options.token === "" ? undefined : options.token,
    password: options.password === "" ? undefined : options.password,
    bootstrapToken: options.bootstrapToken === "" ? undefined : options.bootstrapToken,
    wish: {
      client: {
        id: "gateway-client",
        mode: "backend",
        version: CLIENT_VERSION,
        platform: platform.name,
        ...options.client,
      },
      role: options.role ?? "operator",
      scopes: options.scopes,
      caps: options.caps ?? [],
      commands: options.commands,
      permissions: options.permissions,
      pathEnv: options.pathEnv,
    },
    identity: options.identity,
    engine: options.engine ?? platform.engine,
    tokenStore: options.tokenStore ?? memoryTokenStore(),
    firstDialect: firstDialect(versions),
    waitForApproval: options.waitForApproval ?? false,
    requestTimeoutMs: milliseconds("requestTimeoutMs", options.requestTimeoutMs ?? 30_000, 0),
    connectTimeoutMs: milliseconds("connectTimeoutMs", options.connectTimeoutMs ?? 15_000, 1),
    challengeTimeoutMs: milliseconds("challengeTimeoutMs", options.challengeTimeoutMs ?? 2_000, 1),
    maxPendingRequests: milliseconds("maxPendingRequests", options.maxPendingRequests ?? 1_024, 1),
    reconnect: delays,
    open: options.webSocket ?? platform.openSocket,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
  };
}

function milliseconds(name: string, value: number, min: number): number {
  if (!isCount(value, min)) throw invalid(name, `is a whole number from ${min} to ${maxTimerMs}`);
  return value;
}

function isCount(value: number, min: number): boolean {
  return Number.isInteger(value) && value >= min && value <= maxTimerMs;
}

function invalid(name: string, rule: string): ClientError {
  return new ClientError("INVALID_OPTION", `the option ${name} ${rule}`);
}
