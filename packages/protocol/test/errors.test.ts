import { expect, test } from "vitest";
import { DETAIL_CODES, type DetailCode, ErrorCode, errorForVersion, errorShape } from "../src/index.ts";

test("[protocol:error-codes] errors: the outer codes are those of the wire", () => {
  expect(Object.values(ErrorCode)).toEqual([
    "INVALID_REQUEST",
    "NOT_PAIRED",
    "UNAVAILABLE",
    "NOT_LINKED",
    "AGENT_TIMEOUT",
    "FORBIDDEN",
    "APPROVAL_NOT_FOUND",
  ]);
});

test("[protocol:error-codes] errors: every detail code has its outer code, and says whether trying again makes sense", () => {
  expect(
    Object.entries(DETAIL_CODES).map(
      ([detail, { code, retryable }]) => `${detail} ${code}${retryable ? " retryable" : ""}`,
    ),
  ).toEqual([
    "PROTOCOL_MISMATCH INVALID_REQUEST",
    "INVALID_FRAME INVALID_REQUEST",
    "INVALID_PARAMS INVALID_REQUEST",
    "INVALID_HANDSHAKE INVALID_REQUEST",
    "INVALID_ROLE INVALID_REQUEST",
    "CONTROL_UI_ORIGIN_NOT_ALLOWED INVALID_REQUEST",
    "CONTROL_UI_DEVICE_IDENTITY_REQUIRED INVALID_REQUEST",
    "DEVICE_IDENTITY_REQUIRED NOT_PAIRED",
    "DEVICE_AUTH_DEVICE_ID_MISMATCH INVALID_REQUEST",
    "DEVICE_AUTH_SIGNATURE_EXPIRED INVALID_REQUEST retryable",
    "DEVICE_AUTH_NONCE_REQUIRED INVALID_REQUEST",
    "DEVICE_AUTH_NONCE_MISMATCH INVALID_REQUEST retryable",
    "DEVICE_AUTH_SIGNATURE_INVALID INVALID_REQUEST",
    "DEVICE_AUTH_PUBLIC_KEY_INVALID INVALID_REQUEST",
    "AUTH_TOKEN_MISSING INVALID_REQUEST",
    "AUTH_TOKEN_MISMATCH INVALID_REQUEST",
    "AUTH_TOKEN_NOT_CONFIGURED INVALID_REQUEST",
    "AUTH_PASSWORD_MISSING INVALID_REQUEST",
    "AUTH_PASSWORD_MISMATCH INVALID_REQUEST",
    "AUTH_PASSWORD_NOT_CONFIGURED INVALID_REQUEST",
    "AUTH_DEVICE_TOKEN_MISMATCH INVALID_REQUEST",
    "AUTH_SCOPE_MISMATCH INVALID_REQUEST",
    "AUTH_RATE_LIMITED INVALID_REQUEST retryable",
    "AUTH_TAILSCALE_IDENTITY_MISSING INVALID_REQUEST",
    "AUTH_TAILSCALE_PROXY_MISSING INVALID_REQUEST",
    "AUTH_TAILSCALE_WHOIS_FAILED INVALID_REQUEST retryable",
    "AUTH_TAILSCALE_IDENTITY_MISMATCH INVALID_REQUEST",
    "AUTH_REQUIRED INVALID_REQUEST",
    "AUTH_UNAUTHORIZED INVALID_REQUEST",
    "PAIRING_REQUIRED NOT_PAIRED",
    "PAIRING_CAPACITY UNAVAILABLE retryable",
    "PROXY_ATTRIBUTION_REQUIRED INVALID_REQUEST",
    "ROLE_NOT_ALLOWED INVALID_REQUEST",
    "MISSING_SCOPE FORBIDDEN",
    "UNKNOWN_METHOD INVALID_REQUEST",
    "METHOD_NOT_SERVED INVALID_REQUEST",
    "IDEMPOTENCY_KEY_REUSED INVALID_REQUEST",
    "QUEUE_FULL UNAVAILABLE retryable",
    "OVERLOADED UNAVAILABLE retryable",
    "STARTING UNAVAILABLE retryable",
    "RESTARTING UNAVAILABLE retryable",
    "INTERNAL UNAVAILABLE retryable",
    "STORE_UNAVAILABLE UNAVAILABLE retryable",
    "UNKNOWN_REQUEST_ID INVALID_REQUEST",
    "UNKNOWN_DEVICE INVALID_REQUEST",
    "DEVICE_NOT_OWNED FORBIDDEN",
    "APPROVER_LACKS_SCOPE FORBIDDEN",
    "UNKNOWN_NODE INVALID_REQUEST",
    "NOT_CONNECTED UNAVAILABLE retryable",
    "COMMAND_NOT_ALLOWED INVALID_REQUEST",
    "NODE_TOO_OLD INVALID_REQUEST",
    "NODE_FAILED UNAVAILABLE",
    "NODE_TIMEOUT UNAVAILABLE",
    "NODE_DISCONNECTED UNAVAILABLE",
    "RESULT_TOO_LARGE UNAVAILABLE",
    "NODE_ID_MISMATCH INVALID_REQUEST",
    "PENDING_WORK_FULL UNAVAILABLE retryable",
    "UNKNOWN_WORK INVALID_REQUEST",
    "APPROVAL_EXPIRED INVALID_REQUEST",
    "APPROVAL_DENIED INVALID_REQUEST",
    "APPROVAL_PENDING INVALID_REQUEST",
    "APPROVAL_USED INVALID_REQUEST",
    "APPROVAL_MISMATCH INVALID_REQUEST",
    "APPROVAL_ID_IN_USE INVALID_REQUEST",
    "APPROVAL_OWN_REQUEST FORBIDDEN",
    "APPROVALS_FILE_CHANGED INVALID_REQUEST",
    "AUTH_BOOTSTRAP_TOKEN_INVALID INVALID_REQUEST",
    "APPROVAL_NOT_FOUND APPROVAL_NOT_FOUND",
    "UNKNOWN_AGENT_ID INVALID_REQUEST",
    "UNKNOWN_CHANNEL INVALID_REQUEST",
    "UNKNOWN_ACCOUNT INVALID_REQUEST",
    "UNKNOWN_TARGET INVALID_REQUEST",
    "CHANNEL_UNAVAILABLE UNAVAILABLE",
    "DELIVERY_FAILED UNAVAILABLE",
    "UNKNOWN_DELIVERY INVALID_REQUEST",
    "UNKNOWN_SESSION INVALID_REQUEST",
    "UNKNOWN_MODEL INVALID_REQUEST",
    "UNKNOWN_RUN INVALID_REQUEST",
    "SEND_BLOCKED INVALID_REQUEST",
    "TURN_REFUSED UNAVAILABLE retryable",
    "RUN_FAILED UNAVAILABLE",
    "CONVERSATION_UNAVAILABLE UNAVAILABLE retryable",
    "CRON_JOB_NOT_FOUND INVALID_REQUEST",
    "WIZARD_NOT_FOUND INVALID_REQUEST",
    "SETUP_ADMISSION_BUSY UNAVAILABLE retryable",
    "OUTBOUND_DELIVERY_QUEUED UNAVAILABLE",
  ]);
});

test("[protocol:error-codes] errors: every row says what happened and what mends it, in sentences", () => {
  for (const { meaning, mend } of Object.values(DETAIL_CODES)) {
    expect(meaning).toMatch(/^[A-Z].*\.$/);
    expect(mend).toMatch(/\S.*\.$/);
  }
});

test("[protocol:error-codes] errors: what strict clients refuse never appears in an error", () => {
  for (const detail of Object.keys(DETAIL_CODES) as DetailCode[]) {
    const shape = errorShape(detail, "words");
    expect(Object.keys(shape).every((key) => ["code", "message", "details", "retryable"].includes(key))).toBe(true);
    expect(JSON.stringify(shape)).not.toContain("null");
    expect(shape.details).toMatchObject({ code: detail });
  }
});

test("[protocol:error-codes] errors: a client of revision 4 finds the reason of a start or a restart where it looks", () => {
  expect(errorShape("STARTING", "starting", { retryAfterMs: 500 })).toEqual({
    code: "UNAVAILABLE",
    message: "starting",
    details: { code: "STARTING", reason: "startup-sidecars" },
    retryable: true,
    retryAfterMs: 500,
  });
  expect(errorShape("RESTARTING", "bye").details).toEqual({ code: "RESTARTING", reason: "gateway-restarting" });
});

test("[protocol:error-codes] errors: revision 3 gets the codes that it knows, with the same details", () => {
  const late = errorShape("MISSING_SCOPE", "missing scope: operator.admin", {
    details: { missingScope: "operator.admin" },
  });
  expect(errorForVersion(late, 4)).toBe(late);
  expect(errorForVersion(late, 3)).toEqual({ ...late, code: "INVALID_REQUEST" });
  expect(errorForVersion(errorShape("APPROVAL_NOT_FOUND", "x"), 3).code).toBe("INVALID_REQUEST");
  expect(errorForVersion(errorShape("PAIRING_REQUIRED", "x"), 3).code).toBe("NOT_PAIRED");
});
