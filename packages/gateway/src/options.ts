import type { Bus } from "@saltgate/bus";
import type { ExecApprovalsFile } from "@saltgate/exec-policy";
import type { SyncEd25519Engine } from "@saltgate/identity";
import type { PresenceEntry } from "@saltgate/protocol";
import type { StateDocument } from "@saltgate/store";
import type { Approvals } from "./approvals/approval-records.ts";
import type { RateLimitRules } from "./auth/rate-limiter.ts";
import type { SharedSecret } from "./auth/shared-secret.ts";
import type { TailscaleWhois } from "./auth/tailscale.ts";
import type { Clock } from "./clock.ts";
import type { LocalWithoutDevice } from "./connection/admission.ts";
import type { ConnectionCaps } from "./connection/registry.ts";
import type { GatewayConversation } from "./conversation/conversation-desk.ts";
import type { ListenPlan } from "./http/http-server.ts";
import type { Logger } from "./logging/logger.ts";
import type { GatewayNodes } from "./nodes/node-desk.ts";
import type { InvitesPort, PairingPort } from "./pairing-port.ts";

/** Bounds of a gateway. All have defaults in `@saltgate/config`. */
export interface GatewayLimits extends ConnectionCaps {
  /** Largest inbound frame after hello-ok, in bytes. */
  readonly maxPayloadBytes: number;
  /** Waiting outbound bytes above which a reader is slow. */
  readonly maxBufferedBytes: number;
  /** Ceiling over what all connections hold together, in bytes. */
  readonly totalBufferedBytes: number;
  /** Requests of one connection that may be under way. */
  readonly maxInFlightRequests: number;
  /** From accepting a socket to hello-ok, in milliseconds. */
  readonly handshakeTimeoutMs: number;
  /** Interval of `tick`, in milliseconds. */
  readonly tickIntervalMs: number;
}

/** Who may connect. */
export interface GatewayAuth {
  readonly secret: SharedSecret;
  readonly localWithoutDevice: LocalWithoutDevice;
  /** Whether the identity that `tailscale serve` vouches for counts as a credential. */
  readonly allowTailscale: boolean;
  readonly rateLimit: RateLimitRules;
  /** Proxies whose word about a client's address counts: addresses and CIDR networks. */
  readonly trustedProxies: readonly string[];
  /** Web origins that may connect. */
  readonly allowedOrigins: readonly string[];
}

/** What the gateway knows of the machine it runs on. */
export interface GatewayMachine {
  readonly hostName: string;
  /** Addresses of this machine's network interfaces, now. */
  readonly ownAddresses: () => readonly string[];
  /** The gateway's own row of presence, afresh. */
  readonly presence: () => PresenceEntry;
}

/** How owners are asked whether a command may run. */
export interface GatewayApprovals {
  /** Questions and answers: `exec/approvals`. */
  readonly document: StateDocument<Approvals>;
  /** How long a question waits when whoever asks names no time, in milliseconds. */
  readonly timeoutMs: () => number;
  /** The approvals file of the gateway's own host. */
  readonly file: ExecApprovalsFile;
}

/** Everything that a gateway is made of. Clocks, randomness, stores and engines come in, so that tests hold them. */
export interface GatewayOptions {
  readonly listen: Omit<ListenPlan, "maxPayloadBytes">;
  readonly auth: GatewayAuth;
  readonly limits: GatewayLimits;
  readonly machine: GatewayMachine;
  readonly pairing: PairingPort;
  /** Setup codes for devices that their owner isn't at. */
  readonly invites: InvitesPort;
  readonly nodes: GatewayNodes;
  readonly approvals: GatewayApprovals;
  readonly conversation: GatewayConversation;
  readonly bus: Bus;
  readonly engine: SyncEd25519Engine;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Makes an unguessable id: at least 122 random bits. */
  readonly newId: () => string;
  readonly version: string;
  /** Paths that only admins are shown. */
  readonly paths: { readonly configPath: string; readonly stateDir: string };
  /** SHA-256 of the gateway's own certificate, in hex, for devices that it invites. */
  readonly tlsFingerprint?: string | undefined;
  /** Asks Tailscale who has an address; needed when `auth.allowTailscale`. */
  readonly whois?: TailscaleWhois;
  /** What is wrong with this gateway, in words for its owner, e.g. that it runs on an older configuration. */
  readonly problems?: () => readonly string[];
}
