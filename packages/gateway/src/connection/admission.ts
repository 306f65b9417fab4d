import type { ConnectProof } from "@saltgate/identity";
import type { ConnectParams, ProtocolVersion, Role } from "@saltgate/protocol";
import {
  clientKind,
  intersectScopes,
  isRole,
  isScope,
  missingScopes,
  negotiateVersion,
  normalizeScopes,
  OWNER_SCOPES,
  PROTOCOL_VERSIONS,
} from "@saltgate/protocol";
import type { Attribution } from "../address/attribution.ts";
import type { CredentialClass } from "../auth/rate-limiter.ts";
import { checkSharedSecret, type SharedSecret } from "../auth/shared-secret.ts";
import type { TailscaleVerdict } from "../auth/tailscale.ts";
import type { AuthMethod } from "./peer.ts";
import { type Refusal, refuse, refuseLocked, refuseSecret } from "./refusal.ts";

/** What a local program may do that knows the shared secret but has no device. */
export type LocalWithoutDevice = "full" | "read-write" | "off";

/** Who is asking, from where. */
export interface Asking {
  readonly attribution: Attribution;
  /** The Origin header: set for web pages, whose connections are never silently trusted. */
  readonly browserOrigin: string | undefined;
}

/** What the gateway knows when somebody asks. Questions are functions, so that only those asked cost anything. */
export interface Known {
  readonly secret: SharedSecret;
  readonly localWithoutDevice: LocalWithoutDevice;
  /** What Tailscale says of the request; `undefined` when it is not asked. */
  readonly tailscale: TailscaleVerdict | undefined;
  /** Milliseconds for which a kind of credential is locked for whoever asks; 0 when it may be tried. */
  readonly lockedForMs: (kind: CredentialClass, deviceId?: string) => number;
  /** Checks the presented device's signature for this connection's challenge. */
  readonly proveDevice: (version: ProtocolVersion, role: Role) => ConnectProof;
  /** Whether one of the presented tokens is the presented device's own, for the role it asks for. */
  readonly isDeviceTokenGood: boolean;
  /** What the presented setup code is good for; `undefined` when none was presented. */
  readonly setupCode?: SetupCodeVerdict | undefined;
}

/** What a setup code is good for. */
export type SetupCodeVerdict =
  | { readonly ok: true; readonly role: string; readonly scopes: readonly string[] }
  | { readonly ok: false };

/** A wrong credential, to be counted against whoever presented it. */
export interface WrongCredential {
  readonly kind: CredentialClass;
  /** Counted against this device rather than against the address, because it proved its key. */
  readonly deviceId: string | undefined;
  readonly credential: string;
}

/** The answer to a connect request, before the pairing store is asked. */
export type Admission =
  | {
      readonly do: "refuse";
      readonly refusal: Refusal;
      readonly wrong: readonly WrongCredential[];
      readonly version: ProtocolVersion;
    }
  | {
      /** The owner's own program on this machine: nothing more to ask. */
      readonly do: "admit-owner";
      readonly version: ProtocolVersion;
      readonly method: AuthMethod;
      readonly scopes: readonly string[];
    }
  | {
      /** A device that proved its key and a secret: the pairing store decides. */
      readonly do: "admit-device";
      readonly version: ProtocolVersion;
      readonly role: Role;
      readonly method: AuthMethod;
      readonly deviceId: string;
      readonly publicKey: string;
      readonly requestedScopes: readonly string[];
      /** What it presented that may be its own token. */
      readonly presentedTokens: readonly string[];
      readonly isDeviceTokenGood: boolean;
      /** Whether a first pairing may go without asking the owner. */
      readonly silent: boolean;
      /** The most that such a pairing may grant. */
      readonly silentScopes: readonly string[];
      /** Whether it came with a setup code that is good for this. */
      readonly isInvited: boolean;
    };

const PROOF_REFUSALS = {
  "device-id-mismatch": ["DEVICE_AUTH_DEVICE_ID_MISMATCH", "device identity mismatch"],
  "signature-expired": ["DEVICE_AUTH_SIGNATURE_EXPIRED", "device signature expired"],
  "nonce-required": ["DEVICE_AUTH_NONCE_REQUIRED", "device nonce required"],
  "nonce-mismatch": ["DEVICE_AUTH_NONCE_MISMATCH", "device nonce mismatch"],
  "signature-invalid": ["DEVICE_AUTH_SIGNATURE_INVALID", "device signature invalid"],
  "public-key-invalid": ["DEVICE_AUTH_PUBLIC_KEY_INVALID", "device public key invalid"],
} as const;

/**
 * Decides a connect request up to the pairing store: version, role, shared secret, device proof, device token,
 * in this order. Pure. Nothing that a client says of itself (its id, mode or platform) changes the answer; those
 * only choose the words of a hint (rule R-07). A credential that is present but wrong is never better than none
 * (rule R-05). Source: docs/security.md, "Admission".
 */
export function decideAdmission(asking: Asking, params: ConnectParams, known: Known): Admission {
  const negotiated = negotiateVersion(params.minProtocol, params.maxProtocol);
  if (!negotiated.ok) {
    const refusal = refuse("PROTOCOL_MISMATCH", "protocol mismatch", {
      details: {
        clientMinProtocol: params.minProtocol,
        clientMaxProtocol: params.maxProtocol,
        expectedProtocol: negotiated.expectedProtocol,
        minimumProbeProtocol: PROTOCOL_VERSIONS[0],
      },
    });
    return { do: "refuse", refusal, wrong: [], version: negotiated.expectedProtocol };
  }
  const { version } = negotiated;
  const deny = (refusal: Refusal, wrong: readonly WrongCredential[] = []): Admission => ({
    do: "refuse",
    refusal,
    wrong,
    version,
  });
  const role = params.role ?? "operator";
  if (!isRole(role)) return deny(refuse("INVALID_ROLE", "invalid role"));

  const lockedMs = presentedSecret(known.secret, params) === undefined ? 0 : known.lockedForMs(known.secret.mode);
  const secret = lockedMs > 0 ? undefined : checkSharedSecret(known.secret, params.auth ?? {});
  const wrongSecret: WrongCredential[] =
    secret !== undefined && !secret.ok && secret.reason.endsWith("_mismatch") && secret.presented !== undefined
      ? [{ kind: known.secret.mode, deviceId: undefined, credential: secret.presented }]
      : [];
  const refuseForSecret = (): Refusal =>
    secret === undefined
      ? refuseLocked(lockedMs)
      : refuseSecret(secret.ok ? "token_missing" : secret.reason, params.client);

  if (params.device === undefined) {
    if (secret?.ok) return admitWithoutDevice(asking, params, known, role, version, secret.method, deny);
    const nothingPresented = secret?.reason.endsWith("_missing");
    return nothingPresented ? deny(deviceRequired(params, asking)) : deny(refuseForSecret(), wrongSecret);
  }

  const proof = known.proveDevice(version, role);
  if (!proof.ok) {
    const [detail, message] = PROOF_REFUSALS[proof.reason];
    return deny(refuse(detail, message), wrongSecret);
  }

  const presentedTokens = tokensIn(params);
  const tokenLockedMs = presentedTokens.length === 0 ? 0 : known.lockedForMs("device-token", proof.deviceId);
  const isDeviceTokenGood = known.isDeviceTokenGood && tokenLockedMs === 0;
  const requestedScopes = role === "node" ? [] : normalizeScopes(params.scopes ?? []);
  const setupCode = known.lockedForMs("setup-code") > 0 ? undefined : known.setupCode;
  const isInvited =
    setupCode?.ok === true && setupCode.role === role && missingScopes(setupCode.scopes, requestedScopes).length === 0;
  const method: AuthMethod | undefined = secret?.ok
    ? secret.method
    : isDeviceTokenGood
      ? "device-token"
      : isInvited
        ? "setup-code"
        : known.tailscale?.ok
          ? "tailscale"
          : undefined;
  if (method === undefined && params.auth?.bootstrapToken !== undefined && presentedTokens.length === 0) {
    const codeLockedMs = known.lockedForMs("setup-code");
    if (codeLockedMs > 0) return deny(refuseLocked(codeLockedMs));
    const wrong = { kind: "setup-code", deviceId: undefined, credential: params.auth.bootstrapToken } as const;
    return deny(
      refuse(
        "AUTH_BOOTSTRAP_TOKEN_INVALID",
        "unauthorized: setup code invalid, expired or used (make a new one on the gateway: saltgate nodes invite)",
      ),
      [wrong],
    );
  }
  if (method === undefined) {
    const presentedToken = params.auth?.deviceToken;
    if (presentedToken === undefined || presentedToken === "") {
      return deny(tokenLockedMs > 0 ? refuseLocked(tokenLockedMs) : refuseForSecret(), wrongSecret);
    }
    if (tokenLockedMs > 0) return deny(refuseLocked(tokenLockedMs), wrongSecret);
    const wrong = { kind: "device-token", deviceId: proof.deviceId, credential: presentedToken } as const;
    return deny(
      refuse(
        "AUTH_DEVICE_TOKEN_MISMATCH",
        "unauthorized: device token mismatch (connect with the gateway's secret, or have the token rotated)",
      ),
      [...wrongSecret, wrong],
    );
  }
  // Whoever made a setup code has approved the one device that comes with it, in its role and with its scopes.
  const isLocalOwner =
    asking.attribution.local && secret?.ok === true && (role === "node" || requestedScopes.length > 0);
  const silent = asking.browserOrigin === undefined && (isInvited || isLocalOwner);
  return {
    do: "admit-device",
    version,
    role,
    method,
    deviceId: proof.deviceId,
    publicKey: proof.publicKey,
    requestedScopes,
    presentedTokens,
    isDeviceTokenGood,
    // Without scopes there is nothing that could be granted silently: the owner says what such an operator may do.
    silent,
    silentScopes: isInvited ? setupCode.scopes : OWNER_SCOPES,
    isInvited,
  };
}

/** Everything in a connect request that may be a device's own token: clients put it into either field. */
export function tokensIn(params: ConnectParams): string[] {
  const tokens = [params.auth?.deviceToken, params.auth?.token];
  return [...new Set(tokens.filter((token) => token !== undefined && token !== ""))] as string[];
}

function presentedSecret(secret: SharedSecret, params: ConnectParams): string | undefined {
  return secret.mode === "token" ? params.auth?.token : params.auth?.password;
}

function admitWithoutDevice(
  asking: Asking,
  params: ConnectParams,
  known: Known,
  role: Role,
  version: ProtocolVersion,
  method: AuthMethod,
  deny: (refusal: Refusal) => Admission,
): Admission {
  const ownProgram = asking.attribution.local && asking.browserOrigin === undefined && role === "operator";
  if (!ownProgram || known.localWithoutDevice === "off") return deny(deviceRequired(params, asking));
  const requested = normalizeScopes(params.scopes ?? []).filter(isScope);
  const scopes = known.localWithoutDevice === "full" ? requested : intersectScopes(requested, ["operator.write"]);
  return { do: "admit-owner", version, method, scopes };
}

function deviceRequired(params: ConnectParams, asking: Asking): Refusal {
  const page = asking.browserOrigin !== undefined || clientKind(params.client.id) === "control-ui";
  return page
    ? refuse("CONTROL_UI_DEVICE_IDENTITY_REQUIRED", "control ui requires HTTPS or localhost (secure context)")
    : refuse("DEVICE_IDENTITY_REQUIRED", "device identity required");
}
