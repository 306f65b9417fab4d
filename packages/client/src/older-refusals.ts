import type { DetailCode } from "@saltgate/protocol";

/**
 * Gateways of protocol 3 refuse a connection in words only. These are theirs (docs/protocol.md, "order of checks"),
 * matched by how they begin, because some carry a hint behind. The order matters: the longer text comes first.
 */
const MESSAGES: readonly (readonly [string, DetailCode])[] = [
  ["protocol mismatch", "PROTOCOL_MISMATCH"],
  ["invalid connect params", "INVALID_PARAMS"],
  ["invalid handshake", "INVALID_HANDSHAKE"],
  ["invalid role", "INVALID_ROLE"],
  ["origin not allowed", "CONTROL_UI_ORIGIN_NOT_ALLOWED"],
  ["control ui requires HTTPS", "CONTROL_UI_DEVICE_IDENTITY_REQUIRED"],
  ["device identity required", "DEVICE_IDENTITY_REQUIRED"],
  ["device identity mismatch", "DEVICE_AUTH_DEVICE_ID_MISMATCH"],
  ["device signature expired", "DEVICE_AUTH_SIGNATURE_EXPIRED"],
  ["device nonce required", "DEVICE_AUTH_NONCE_REQUIRED"],
  ["device nonce mismatch", "DEVICE_AUTH_NONCE_MISMATCH"],
  ["device signature invalid", "DEVICE_AUTH_SIGNATURE_INVALID"],
  ["device public key invalid", "DEVICE_AUTH_PUBLIC_KEY_INVALID"],
  ["unauthorized: gateway token missing", "AUTH_TOKEN_MISSING"],
  ["unauthorized: gateway token mismatch", "AUTH_TOKEN_MISMATCH"],
  ["unauthorized: gateway token not configured", "AUTH_TOKEN_NOT_CONFIGURED"],
  ["unauthorized: gateway password missing", "AUTH_PASSWORD_MISSING"],
  ["unauthorized: gateway password mismatch", "AUTH_PASSWORD_MISMATCH"],
  ["unauthorized: gateway password not configured", "AUTH_PASSWORD_NOT_CONFIGURED"],
  ["unauthorized", "AUTH_UNAUTHORIZED"],
  ["pairing required", "PAIRING_REQUIRED"],
];

/** The detail code that a refusal without one stands for. Used for `connect` only. */
export function detailCodeFromMessage(message: string): DetailCode | undefined {
  return MESSAGES.find(([start]) => message.startsWith(start))?.[1];
}
