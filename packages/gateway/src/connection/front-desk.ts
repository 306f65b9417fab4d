import { decodePublicKey, type SyncEd25519Engine, verifyConnectProof } from "@saltgate/identity";
import type { Admitted, DeviceMetadata } from "@saltgate/pairing";
import {
  CLOSE_CODES,
  type ConnectParams,
  type Hello,
  LATEST_PROTOCOL_VERSION,
  type ProtocolCodec,
  type ProtocolVersion,
  type Role,
} from "@saltgate/protocol";
import { StoreError } from "@saltgate/store";
import type { RateLimiter } from "../auth/rate-limiter.ts";
import { checkTailscale, type TailscaleVerdict, type TailscaleWhois } from "../auth/tailscale.ts";
import type { Clock } from "../clock.ts";
import { given } from "../given.ts";
import { type Logger, loggable } from "../logging/logger.ts";
import type { NodeClaims, NodeDeclaration, NodeSurface } from "../nodes/node-declaration.ts";
import type { GatewayAuth } from "../options.ts";
import type { InvitesPort, PairingPort } from "../pairing-port.ts";
import { type Admission, decideAdmission, type SetupCodeVerdict, tokensIn, type WrongCredential } from "./admission.ts";
import type { Connection, Verdict } from "./connection.ts";
import { refusePairing, refuseTokenFault } from "./pairing-refusal.ts";
import type { Peer } from "./peer.ts";
import { type Refusal, refuse } from "./refusal.ts";

/** What a connection has proven before the pairing store is asked. */
export type Proven = Exclude<Admission, { do: "refuse" }>;

/** What the front desk needs. */
export interface FrontDeskOptions {
  readonly auth: () => GatewayAuth;
  readonly limiter: RateLimiter;
  readonly pairing: PairingPort;
  readonly invites: InvitesPort;
  /** Which of a node's claims count. Asked when a device has been let in as a node. */
  readonly declareNode: (declaration: NodeDeclaration) => Promise<NodeSurface>;
  readonly engine: SyncEd25519Engine;
  readonly whois: TailscaleWhois | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether one more connection may become ready; `draining` when none may any more. */
  readonly room: () => "room" | "full" | "draining";
  /** The parts of hello-ok that don't depend on the connection's own admission. */
  readonly hello: (peer: Peer) => Omit<Hello, "connId" | "role" | "scopes" | "issuedToken">;
}

type Greeting = { readonly peer: Peer; readonly hello: (codec: ProtocolCodec) => unknown };

/** Lets connections in: performs what the pure decisions ask for, and counts wrong credentials. */
export class FrontDesk {
  readonly #options: FrontDeskOptions;
  readonly counts = { admitted: 0, pairingRequired: 0, refused: 0 };

  constructor(options: FrontDeskOptions) {
    this.#options = options;
  }

  /** Checks version, secret and device of a connect request. */
  async judge(connection: Connection<Proven>, params: ConnectParams): Promise<Verdict<Proven>> {
    const { attribution, browserOrigin, headers } = connection.origin;
    const { limiter, whois } = this.#options;
    const auth = this.#options.auth();
    const who = browserOrigin === undefined ? attribution.bucket : `${attribution.bucket} ${browserOrigin}`;
    const tailscale: TailscaleVerdict | undefined =
      auth.allowTailscale && !attribution.local && whois !== undefined && headers["tailscale-user-login"] !== undefined
        ? await checkTailscale(headers, attribution, whois)
        : undefined;
    let isDeviceTokenGood: boolean;
    let setupCode: SetupCodeVerdict | undefined;
    try {
      isDeviceTokenGood = await this.#isDeviceTokenGood(params);
      setupCode = await this.#checkSetupCode(params);
    } catch (error) {
      // Not "your token is wrong": a client that is told so forgets its token.
      return { ok: false, refusal: this.#refuseWithoutStore(error), version: LATEST_PROTOCOL_VERSION };
    }
    const bucketOf = (deviceId: string | undefined): string => (deviceId === undefined ? who : `device ${deviceId}`);
    const admission = decideAdmission({ attribution, browserOrigin }, params, {
      secret: auth.secret,
      localWithoutDevice: auth.localWithoutDevice,
      tailscale,
      lockedForMs: (kind, deviceId) => limiter.retryAfterMs(kind, bucketOf(deviceId)),
      proveDevice: (version, role) => this.#proveDevice(connection, params, version, role),
      isDeviceTokenGood,
      setupCode,
    });
    if (admission.do === "refuse") {
      this.#noteWrong(admission.wrong, bucketOf);
      this.#noteRefused(connection, params, admission.refusal.closeReason);
      return { ok: false, refusal: admission.refusal, version: admission.version };
    }
    if (admission.method === "token" || admission.method === "password") limiter.succeed(admission.method, who);
    if (admission.do === "admit-device") {
      if (admission.isDeviceTokenGood) limiter.succeed("device-token", bucketOf(admission.deviceId));
      connection.claimDevice(admission.deviceId, admission.role);
    }
    return { ok: true, value: admission };
  }

  /** Asks the pairing store about a connection that has proven itself, and prepares its hello-ok. */
  async pair(connection: Connection<Proven>, params: ConnectParams, proven: Proven): Promise<Verdict<Greeting>> {
    const { version } = proven;
    const room = this.#options.room();
    if (room !== "room") {
      const refusal =
        room === "full"
          ? refuse("OVERLOADED", "the gateway has no room for another connection", { retryAfterMs: 2_000 })
          : refuse("RESTARTING", "the gateway is about to stop or restart", {
              details: { reason: "gateway-restarting" },
              retryAfterMs: 1_500,
            });
      return { ok: false, refusal: { ...refusal, closeCode: CLOSE_CODES.TryAgainLater.code }, version };
    }
    if (proven.do === "admit-owner") {
      this.#options.logger.info(
        { connId: connection.id, clientId: loggable(params.client.id), scopes: proven.scopes, method: proven.method },
        "the local owner connected without a device",
      );
      return { ok: true, value: this.#greeting(connection, params, proven, proven.scopes, undefined) };
    }
    try {
      return await this.#pairDevice(connection, params, proven);
    } catch (error) {
      return { ok: false, refusal: this.#refuseWithoutStore(error), version };
    }
  }

  /** Refuses a device while nobody can know whether it is paired. @throws whatever else went wrong */
  #refuseWithoutStore(error: unknown): Refusal {
    if (!(error instanceof StoreError)) throw error;
    this.#options.logger.error({ err: error }, "the state of device pairing can't be used; the device was refused");
    const refusal = refuse(
      "STORE_UNAVAILABLE",
      "the gateway can't read or write its state; its owner finds the reason in its log",
      { retryAfterMs: 30_000 },
    );
    return { ...refusal, closeCode: CLOSE_CODES.TryAgainLater.code };
  }

  async #pairDevice(
    connection: Connection<Proven>,
    params: ConnectParams,
    proven: Extract<Proven, { do: "admit-device" }>,
  ): Promise<Verdict<Greeting>> {
    const { version } = proven;
    const { attribution } = connection.origin;
    // From here on the setup code is this key's alone: of two that come with it at once, one gets in.
    const invite = proven.isInvited ? await this.#redeem(params, proven) : undefined;
    if (invite?.type === "refused") {
      const refusal = refuse("AUTH_BOOTSTRAP_TOKEN_INVALID", `unauthorized: setup code ${invite.reason}`);
      this.#noteRefused(connection, params, refusal.closeReason);
      return { ok: false, refusal, version };
    }
    const outcome = await this.#options.pairing.admit({
      deviceId: proven.deviceId,
      publicKey: proven.publicKey,
      role: proven.role,
      requestedScopes: proven.requestedScopes,
      isProven: proven.method !== "device-token",
      presentedTokens: proven.presentedTokens,
      isSilentEligible: proven.silent,
      defaultScopes: proven.silentScopes,
      metadata: metadataOf(params, proven.role, attribution.reportedIp),
    });
    switch (outcome.type) {
      case "admitted": {
        this.counts.admitted += 1;
        if (invite !== undefined) await this.#completeInvite(invite.inviteId, proven.deviceId, params);
        const node =
          proven.role === "node" ? await this.#declareNode(params, attribution.reportedIp, outcome, proven) : undefined;
        const issued =
          outcome.deviceToken === undefined
            ? undefined
            : { secret: outcome.deviceToken, issuedAtMs: outcome.token.issuedAtMs };
        return { ok: true, value: this.#greeting(connection, params, proven, outcome.scopes, issued, node) };
      }
      case "pairing-required":
        this.counts.pairingRequired += 1;
        this.#options.logger.info(
          {
            deviceId: proven.deviceId,
            requestId: outcome.request.requestId,
            reason: outcome.reason,
            change: outcome.change,
          },
          "a device waits for its owner's approval: saltgate devices list",
        );
        return { ok: false, refusal: refusePairing(outcome, version), version };
      case "refused":
        this.#noteRefused(connection, params, outcome.reason);
        return { ok: false, refusal: refuseTokenFault(outcome.reason), version };
    }
  }

  async #declareNode(
    { client, ...params }: ConnectParams,
    remoteIp: string | undefined,
    { nodeApproval }: Admitted,
    { deviceId }: Extract<Proven, { do: "admit-device" }>,
  ): Promise<NonNullable<Peer["node"]>> {
    const declaration: NodeDeclaration = {
      nodeId: deviceId,
      claims: claimsOf({ ...params, client }),
      platform: client.platform,
      deviceFamily: client.deviceFamily,
      displayName: client.displayName,
      version: client.version,
      modelIdentifier: client.modelIdentifier,
      remoteIp,
      approvedByDevice: nodeApproval,
    };
    return { declaration, surface: await this.#options.declareNode(declaration) };
  }

  #greeting(
    connection: Connection<Proven>,
    params: ConnectParams,
    proven: Proven,
    scopes: readonly string[],
    issuedToken: Hello["issuedToken"],
    node?: Peer["node"],
  ): Greeting {
    const { client } = params;
    const role: Role = proven.do === "admit-device" ? proven.role : "operator";
    const peer: Peer = {
      connId: connection.id,
      version: proven.version,
      role,
      scopes,
      deviceId: proven.do === "admit-device" ? proven.deviceId : undefined,
      client: {
        id: client.id,
        mode: client.mode,
        displayName: client.displayName,
        version: client.version,
        platform: client.platform,
        deviceFamily: client.deviceFamily,
        modelIdentifier: client.modelIdentifier,
        instanceId: client.instanceId,
      },
      authMethod: proven.method,
      local: connection.origin.attribution.local,
      remoteIp: connection.origin.attribution.reportedIp,
      asksFor: proven.version > 3 && params.caps?.includes("tool-events") === true ? ["tool-events"] : [],
      ...(node && { node }),
    };
    return {
      peer,
      hello: (codec) => codec.hello({ ...this.#options.hello(peer), connId: connection.id, role, scopes, issuedToken }),
    };
  }

  /** Says nothing about whether the device is who it says: the admission asks for its proof first. */
  async #isDeviceTokenGood(params: ConnectParams): Promise<boolean> {
    const presentedTokens = tokensIn(params);
    const key = params.device === undefined ? undefined : decodePublicKey(params.device.publicKey);
    if (params.device === undefined || !key?.ok || presentedTokens.length === 0) return false;
    const check = await this.#options.pairing.checkToken({
      deviceId: params.device.id,
      publicKey: key.base64url,
      role: params.role ?? "operator",
      presentedTokens,
    });
    return check.ok;
  }

  /** What the presented setup code would be good for. Nothing is written: the admission asks for the proof first. */
  async #checkSetupCode(params: ConnectParams): Promise<SetupCodeVerdict | undefined> {
    const { auth, device, role = "operator", scopes } = params;
    if (auth?.bootstrapToken === undefined || device === undefined) return undefined;
    const key = decodePublicKey(device.publicKey);
    if (!key.ok) return { ok: false };
    const outcome = await this.#options.invites.check({
      code: auth.bootstrapToken,
      deviceId: device.id,
      publicKey: key.base64url,
      role,
      requestedScopes: scopes,
    });
    return outcome.type === "redeemed" ? { ok: true, role: outcome.role, scopes: outcome.scopes } : { ok: false };
  }

  #redeem(params: ConnectParams, proven: Extract<Proven, { do: "admit-device" }>): ReturnType<InvitesPort["redeem"]> {
    const { deviceId, publicKey, role, requestedScopes } = proven;
    return this.#options.invites.redeem({
      code: params.auth?.bootstrapToken ?? "",
      deviceId,
      publicKey,
      role,
      requestedScopes,
    });
  }

  async #completeInvite(inviteId: string, deviceId: string, { client }: ConnectParams): Promise<void> {
    const displayName = loggable(client.displayName);
    await this.#options.invites.complete({ inviteId, deviceId, ...(displayName !== undefined && { displayName }) });
  }

  #proveDevice(
    connection: Connection<Proven>,
    params: ConnectParams,
    version: ProtocolVersion,
    role: Role,
  ): ReturnType<typeof verifyConnectProof> {
    const { device, client, auth } = params;
    if (device === undefined) return { ok: false, reason: "signature-invalid" };
    return verifyConnectProof(this.#options.engine, {
      device,
      fields: {
        clientId: client.id,
        clientMode: client.mode,
        role,
        // What was signed are the scopes as they were sent, not as we understand them.
        scopes: params.scopes ?? [],
        token: auth?.token ?? auth?.bootstrapToken,
        platform: client.platform,
        deviceFamily: client.deviceFamily,
      },
      challengeNonce: connection.nonce,
      nowMs: this.#options.clock.now(),
      allowNoNonce: connection.origin.attribution.local && version === 3,
    });
  }

  #noteWrong(wrong: readonly WrongCredential[], bucketOf: (deviceId: string | undefined) => string): void {
    for (const { kind, deviceId, credential } of wrong)
      this.#options.limiter.fail(kind, bucketOf(deviceId), credential);
  }

  #noteRefused(connection: Connection<Proven>, params: ConnectParams, reason: string): void {
    this.counts.refused += 1;
    const { attribution, browserOrigin } = connection.origin;
    this.#options.logger.warn(
      {
        connId: connection.id,
        clientId: loggable(params.client.id),
        peerIp: attribution.peerIp,
        clientIp: attribution.clientIp,
        origin: loggable(browserOrigin),
        reason: loggable(reason),
      },
      "a connection was refused",
    );
  }
}

/** What a node says that it can do, in the order in which it says so. */
function claimsOf({ caps = [], commands = [], permissions = {}, pathEnv }: ConnectParams): NodeClaims {
  const named = (list: readonly string[]): string[] => [...new Set(list.map((entry) => entry.trim()).filter(Boolean))];
  return { caps: named(caps), commands: named(commands), permissions, pathEnv };
}

function metadataOf(params: ConnectParams, role: Role, remoteIp: string | undefined): DeviceMetadata {
  const { client } = params;
  const claims = role === "node" ? claimsOf(params) : undefined;
  return given({
    displayName: loggable(client.displayName),
    platform: loggable(client.platform),
    deviceFamily: loggable(client.deviceFamily),
    clientId: loggable(client.id),
    clientMode: loggable(client.mode),
    remoteIp,
    ...(claims && { caps: claims.caps, commands: claims.commands, permissions: claims.permissions }),
  });
}
