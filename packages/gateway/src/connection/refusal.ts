import {
  CLOSE_CODES,
  type DetailCode,
  type ErrorExtras,
  type ErrorShape,
  errorShape,
  hintAudience,
  LIMITS,
  truncateCloseReason,
} from "@saltgate/protocol";
import type { SecretFailure } from "../auth/shared-secret.ts";

/** How a connection that is refused ends: what the response says, and how the socket closes. */
export interface Refusal {
  /** The error of the response; absent where the peer sent nothing that could be answered. */
  readonly error: ErrorShape | undefined;
  readonly closeCode: number;
  readonly closeReason: string;
}

/** A refusal whose close reason is its message, as clients expect it. */
export function refuse(
  detail: DetailCode,
  message: string,
  extras?: ErrorExtras,
  closeReason: string = message,
): Refusal {
  return {
    error: errorShape(detail, message, extras),
    closeCode: detail === "PROTOCOL_MISMATCH" ? CLOSE_CODES.ProtocolMismatch.code : CLOSE_CODES.Policy.code,
    closeReason: truncateCloseReason(closeReason, LIMITS.maxCloseReasonBytes),
  };
}

/** A close without a response. */
export function hangUp(closeCode: number, closeReason: string): Refusal {
  return { error: undefined, closeCode, closeReason };
}

const SECRET_DETAILS = {
  token_missing: ["AUTH_TOKEN_MISSING", "gateway token missing"],
  token_mismatch: ["AUTH_TOKEN_MISMATCH", "gateway token mismatch"],
  token_missing_config: [
    "AUTH_TOKEN_NOT_CONFIGURED",
    "gateway token not configured on gateway (set gateway.auth.token)",
  ],
  password_missing: ["AUTH_PASSWORD_MISSING", "gateway password missing"],
  password_mismatch: ["AUTH_PASSWORD_MISMATCH", "gateway password mismatch"],
  password_missing_config: [
    "AUTH_PASSWORD_NOT_CONFIGURED",
    "gateway password not configured on gateway (set gateway.auth.password)",
  ],
} as const satisfies Record<SecretFailure, readonly [DetailCode, string]>;

const HINTS = {
  cli: (kind: string) => `set gateway.remote.${kind} to match gateway.auth.${kind}`,
  page: (kind: string) =>
    kind === "token"
      ? "open the gateway's page again and paste the token in its settings"
      : "enter the password in the page's settings",
  other: (kind: string) => `provide gateway auth ${kind}`,
} as const;

/** The refusal for a shared secret that was not proven, with a hint for the kind of client. */
export function refuseSecret(reason: SecretFailure, client: { readonly id: string; readonly mode: string }): Refusal {
  const [detail, text] = SECRET_DETAILS[reason];
  const kind = reason.startsWith("token") ? "token" : "password";
  const hint = reason.endsWith("_config") ? "" : ` (${HINTS[hintAudience(client.id, client.mode)](kind)})`;
  return refuse(detail, `unauthorized: ${text}${hint}`);
}

/** The refusal while a kind of credential is locked. */
export function refuseLocked(retryAfterMs: number): Refusal {
  const seconds = Math.ceil(retryAfterMs / 1_000);
  return refuse("AUTH_RATE_LIMITED", `unauthorized: too many wrong credentials, try again in ${seconds} s`, {
    retryAfterMs,
  });
}
