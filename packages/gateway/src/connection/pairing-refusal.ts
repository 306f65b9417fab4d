import type { PairingRequired, Refused } from "@saltgate/pairing";
import type { ProtocolVersion } from "@saltgate/protocol";
import { type Refusal, refuse } from "./refusal.ts";

const REQUIREMENTS = {
  "not-paired": "the owner has not approved this device yet",
  "role-upgrade": "the owner has not approved this device for the role",
  "scope-upgrade": "the owner has not approved this device for these scopes",
} as const;

/**
 * Tells a device that it has to wait, what for, and the command with which its owner lets it in. Everything that is
 * missing is named at once. Revision 3 clients compare the message, so theirs is the short one.
 */
export function refusePairing(outcome: PairingRequired, version: ProtocolVersion): Refusal {
  const { request, reason, missing } = outcome;
  const requirement = REQUIREMENTS[reason];
  const details = {
    reason,
    requestId: request.requestId,
    deviceId: request.deviceId,
    requestedRoles: request.roles,
    requestedScopes: request.scopes,
    missingRoles: missing.roles,
    missingScopes: missing.scopes,
    remediationHint: `On the gateway, run: saltgate devices approve ${request.requestId}`,
    recommendedNextStep: "wait_for_approval",
    pauseReconnect: true,
    retryable: false,
  };
  if (version === 3) return refuse("PAIRING_REQUIRED", "pairing required", { details });
  return refuse(
    "PAIRING_REQUIRED",
    `pairing required: ${requirement}`,
    { details },
    `pairing required: ${reason} (requestId: ${request.requestId})`,
  );
}

/** Tells a device why the pairing store won't have it at all. */
export function refuseTokenFault(reason: Refused["reason"]): Refusal {
  switch (reason) {
    case "pending-full":
    case "pending-full-for-address":
      return refuse(
        "PAIRING_CAPACITY",
        "too many devices wait for approval; ask the owner to look: saltgate devices list",
        { retryAfterMs: 60_000 },
      );
    case "token-scope-mismatch":
      return refuse("AUTH_SCOPE_MISMATCH", "unauthorized: the device token does not cover these scopes");
    case "device-not-paired":
    case "role-missing":
    case "token-missing":
    case "token-revoked":
    case "token-expired":
    case "token-mismatch":
      return refuse(
        "AUTH_DEVICE_TOKEN_MISMATCH",
        "unauthorized: device token mismatch (connect with the gateway's secret, or have the token rotated)",
      );
  }
}
