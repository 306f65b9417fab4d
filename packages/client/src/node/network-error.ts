import { ClientError } from "../errors.ts";

const UNTRUSTED = new Set([
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "INVALID_CA",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/** What a failure of Node's network code means here. */
export function networkError(cause: Error): ClientError {
  const code = "code" in cause && typeof cause.code === "string" ? cause.code : "";
  if (UNTRUSTED.has(code))
    return new ClientError(
      "TLS_UNTRUSTED",
      `the gateway's certificate isn't trusted here (${code}); for a self-signed one, pass its fingerprint as tlsFingerprint`,
      { cause },
    );
  return new ClientError("UNREACHABLE", `no connection came about (${code === "" ? cause.message : code})`, { cause });
}
