import {
  type Config,
  findReusedSecret,
  type GatewayAuth as ResolvedAuth,
  resolveGatewayAuth,
  resolveGatewayPort,
} from "@saltgate/config";
import { planBind } from "../address/bind.ts";
import type { SharedSecret } from "../auth/shared-secret.ts";
import type { GatewayLimits } from "../options.ts";
import { StartError } from "./exit-codes.ts";
import type { GatewayFlags } from "./gateway-flags.ts";

/** Everything that decides how a gateway starts. */
export interface StartInput {
  readonly flags: GatewayFlags;
  readonly config: Config;
  /** Paths that the configuration file sets. */
  readonly written: ReadonlySet<string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly defaultPort: number;
  /** Addresses of this machine. */
  readonly ownAddresses: readonly string[];
  /** A secret made for this run alone, where nothing names one and the gateway has to come up all the same. */
  readonly ephemeralSecret: string | undefined;
}

/** How a gateway starts. */
export interface StartPlan {
  readonly port: number;
  readonly portSource: string;
  readonly required: readonly string[];
  readonly optional: readonly string[];
  readonly loopbackOnly: boolean;
  readonly tls: boolean;
  readonly secret: SharedSecret;
  readonly secretSource: string;
  /** What to tell the owner, without secrets. */
  readonly notes: readonly string[];
  readonly limits: GatewayLimits;
}

/**
 * Decides how a gateway starts, or why it doesn't. Pure; fails closed: nothing is bound beyond loopback without a secret, and
 * nothing widens by itself (rule R-08).
 * @throws {StartError}
 */
export function planStart(input: StartInput): StartPlan {
  const { flags, config, env } = input;
  const { gateway } = config;
  if (gateway.mode === "remote" && !flags.allowUnconfigured) {
    throw new StartError(
      'this machine is set up to use a gateway elsewhere (gateway.mode is "remote")',
      'To run one here, set gateway.mode to "local", or pass --allow-unconfigured.',
    );
  }
  const bindMode = flags.bind ?? gateway.bind;
  const bind = planBind(bindMode, gateway.customBindHost, input.ownAddresses);
  if (!bind.ok) throw new StartError(`can't bind as "${bindMode}": ${bind.problem}`, bind.mend);
  const auth = resolveGatewayAuth({
    flags: { token: flags.token, password: flags.password, mode: flags.auth },
    env,
    config,
    side: "server",
  });
  const { secret, source, isEphemeral } = secretOf(auth, input.ephemeralSecret);
  const reused = findReusedSecret(config, (secret.mode === "token" ? secret.token : secret.password) ?? "", source);
  if (reused !== undefined) throw new StartError(reused, "Change one of the two, then start again.");
  if (!bind.loopbackOnly && isEphemeral) {
    throw new StartError(
      `refusing to listen beyond this machine (bind "${bindMode}") without a secret of its own`,
      "Set gateway.auth.token, or SALTGATE_GATEWAY_TOKEN, or run: saltgate setup",
    );
  }
  const port = flags.port === "0" ? { value: 0, source: "flag --port" } : resolvePort(input);
  return {
    port: port.value,
    portSource: port.source,
    required: bind.required,
    optional: bind.optional,
    loopbackOnly: bind.loopbackOnly,
    tls: flags.tls || gateway.tls.enabled,
    secret,
    secretSource: source,
    notes: auth.conflicts,
    limits: {
      maxPayloadBytes: gateway.limits.maxPayloadBytes,
      maxBufferedBytes: gateway.limits.maxBufferedBytes,
      totalBufferedBytes: gateway.limits.totalBufferedBytes,
      maxConnections: gateway.limits.maxConnections,
      maxPreAuth: gateway.limits.maxPreAuthConnections,
      maxPreAuthPerAddress: gateway.limits.maxPreAuthConnectionsPerIp,
      maxInFlightRequests: gateway.limits.maxInFlightRequests,
      handshakeTimeoutMs: gateway.handshakeTimeoutMs,
      tickIntervalMs: gateway.tickIntervalMs,
    },
  };
}

function resolvePort({ flags, env, config, written, defaultPort }: StartInput): { value: number; source: string } {
  try {
    return resolveGatewayPort({ flag: flags.port, env, config, written, defaultPort });
  } catch (cause) {
    throw new StartError(
      cause instanceof Error ? cause.message : "the port can't be used",
      "Give a port from 1 to 65535.",
      2,
      { cause },
    );
  }
}

function secretOf(
  auth: ResolvedAuth,
  ephemeral: string | undefined,
): { secret: SharedSecret; source: string; isEphemeral: boolean } {
  const value = auth.mode === "token" ? auth.token : auth.password;
  const source = auth.mode === "token" ? auth.tokenSource : auth.passwordSource;
  if (value !== undefined && source !== undefined) {
    return {
      secret: auth.mode === "token" ? { mode: "token", token: value } : { mode: "password", password: value },
      source,
      isEphemeral: false,
    };
  }
  if (ephemeral !== undefined)
    return { secret: { mode: "token", token: ephemeral }, source: "made for this run", isEphemeral: true };
  throw new StartError(
    `gateway.auth.mode is "${auth.mode}", but no ${auth.mode} is set: anybody could come in, so nobody may`,
    `Run: saltgate setup   (or set gateway.auth.${auth.mode}, or SALTGATE_GATEWAY_${auth.mode.toUpperCase()})`,
  );
}
