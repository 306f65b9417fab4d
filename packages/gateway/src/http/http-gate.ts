import type { IncomingMessage } from "node:http";
import { type Attribution, attribute, type Surroundings } from "../address/attribution.ts";
import { isOriginAllowed } from "../address/origin.ts";
import type { RateLimiter } from "../auth/rate-limiter.ts";
import { checkSharedSecret, type SharedSecret } from "../auth/shared-secret.ts";
import { type Logger, loggable } from "../logging/logger.ts";
import type { HttpRefusal } from "./http-server.ts";

/** What the gate knows and asks. */
export interface HttpGateOptions {
  readonly surroundings: Surroundings;
  /** The shared secret that holds now. */
  readonly secret: () => SharedSecret;
  readonly allowedOrigins: readonly string[];
  readonly limiter: RateLimiter;
  /** Whether this gateway speaks TLS. */
  readonly tls: boolean;
  readonly logger: Logger;
}

/** Decides about HTTP requests before anything else happens: whose they are, whether they may be upgraded, whether they are authorised. */
export class HttpGate {
  readonly #options: HttpGateOptions;

  constructor(options: HttpGateOptions) {
    this.#options = options;
  }

  /** Who is asking, from where. */
  attributionOf({ socket, headers }: IncomingMessage): Attribution {
    const { remoteAddress: peerAddress, localAddress } = socket;
    return attribute({ peerAddress, localAddress, headers }, this.#options.surroundings);
  }

  /** Why a request may not become a connection; `undefined` when it may. */
  admitUpgrade(request: IncomingMessage): HttpRefusal | undefined {
    const { allowedOrigins, logger, tls } = this.#options;
    const { local, peerIp, unattributable } = this.attributionOf(request);
    const { origin, host } = request.headers;
    if (unattributable) return attributionRequired;
    if (isOriginAllowed({ origin, host, local, tls, allowedOrigins })) return undefined;
    logger.warn({ origin: loggable(origin), peerIp }, "a web page of another origin was refused");
    return originNotAllowed;
  }

  /** Why a request is not authorised; `undefined` when it carries the shared secret as its bearer. */
  authorize(request: IncomingMessage): HttpRefusal | undefined {
    const { limiter, secret } = this.#options;
    const { bucket, unattributable } = this.attributionOf(request);
    if (unattributable) return attributionRequired;
    const lockedMs = limiter.retryAfterMs("http", bucket);
    if (lockedMs > 0) return tooManyFailures(lockedMs);
    const bearer = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
    if (checkSharedSecret(secret(), { token: bearer, password: bearer }).ok) {
      limiter.succeed("http", bucket);
      return undefined;
    }
    if (bearer !== undefined) limiter.fail("http", bucket, bearer);
    return unauthorized;
  }
}

const attributionRequired: HttpRefusal = {
  status: 403,
  type: "PROXY_ATTRIBUTION_REQUIRED",
  message:
    "the proxy in front of the gateway doesn't say for whom it asks; let it set X-Forwarded-For to the client's address",
};

const originNotAllowed: HttpRefusal = {
  status: 403,
  type: "CONTROL_UI_ORIGIN_NOT_ALLOWED",
  message:
    "origin not allowed (open the page from the gateway itself, or add its origin to gateway.controlUi.allowedOrigins)",
};

const unauthorized: HttpRefusal = {
  status: 401,
  type: "unauthorized",
  message: "Unauthorized",
  headers: { "www-authenticate": "Bearer" },
};

function tooManyFailures(lockedMs: number): HttpRefusal {
  return {
    status: 429,
    type: "rate_limited",
    message: "Too many wrong credentials",
    headers: { "retry-after": String(Math.ceil(lockedMs / 1_000)) },
  };
}
