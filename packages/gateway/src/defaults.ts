import { LIMITS } from "@saltgate/protocol";
import type { SharedSecret } from "./auth/shared-secret.ts";
import type { GatewayAuth, GatewayLimits } from "./options.ts";

/** The bounds of a gateway that nobody has configured: the same as `@saltgate/config` gives. */
export const defaultGatewayLimits: GatewayLimits = {
  maxPayloadBytes: LIMITS.maxPayloadBytes,
  maxBufferedBytes: LIMITS.maxBufferedBytes,
  totalBufferedBytes: 268_435_456,
  maxConnections: 10_000,
  maxPreAuth: 256,
  maxPreAuthPerAddress: 32,
  maxInFlightRequests: 128,
  handshakeTimeoutMs: LIMITS.handshakeTimeoutMs,
  tickIntervalMs: LIMITS.tickIntervalMs,
};

/** Who may connect to a gateway that nobody has configured beyond its secret. */
export function defaultGatewayAuth(secret: SharedSecret): GatewayAuth {
  return {
    secret,
    localWithoutDevice: "full",
    allowTailscale: false,
    rateLimit: { maxFailures: 10, windowMs: 60_000, lockoutMs: 300_000 },
    trustedProxies: [],
    allowedOrigins: [],
  };
}
