import { CLOSE_CODES } from "@saltgate/protocol";
import type { Dialect } from "./dialect.ts";
import { olderDialect } from "./dialect.ts";
import type { ClientError, GatewayError } from "./errors.ts";

/** What to do after an attempt to connect has failed. */
export type NextStep =
  /** Try again at once, in other words or without the device token. */
  | { readonly do: "retry"; readonly dialect: Dialect; readonly forgetToken: boolean }
  /** Try again later. */
  | { readonly do: "wait"; readonly askedMs: number | undefined; readonly for: "gateway" | "approval" }
  /** Nothing changes until somebody acts. */
  | { readonly do: "pause"; readonly forgetToken: boolean };

/** What the attempt was. */
export interface Attempt {
  readonly dialect: Dialect;
  /** What would be said to an unknown gateway. */
  readonly first: Dialect;
  /** Whether other words were tried already since the last connection or pause. */
  readonly changedDialect: boolean;
  /** Whether the device's own token was presented. */
  readonly usedDeviceToken: boolean;
  /** Whether there is a token or password of the gateway's owner, or an invitation, to fall back on. */
  readonly hasAnotherWayIn: boolean;
  readonly waitForApproval: boolean;
}

/** Decides what follows a refusal by the gateway. Pure. Source: docs/protocol.md, "Errors". */
export function afterRefusal(error: GatewayError, attempt: Attempt): NextStep {
  const older = attempt.changedDialect ? undefined : olderDialect(attempt.dialect);
  if (older !== undefined && wantsOlder(error)) return { do: "retry", dialect: older, forgetToken: false };
  const { dialect, first } = attempt;
  // The gateway knew only revision 3 when it was last met, and has been updated since.
  if (error.detailCode === "PROTOCOL_MISMATCH" && dialect.max < first.max && !attempt.changedDialect)
    return { do: "retry", dialect: first, forgetToken: false };
  switch (error.detailCode) {
    case "AUTH_DEVICE_TOKEN_MISMATCH":
      return attempt.usedDeviceToken && attempt.hasAnotherWayIn
        ? { do: "retry", dialect, forgetToken: true }
        : { do: "pause", forgetToken: attempt.usedDeviceToken };
    case "PAIRING_REQUIRED":
      return attempt.waitForApproval ? { do: "wait", askedMs: error.retryAfterMs, for: "approval" } : pairing(error);
    case "AUTH_RATE_LIMITED":
      // Without a word on when it ends, more attempts would only make the lock last.
      return error.retryAfterMs === undefined ? pause : later(error);
    default:
      return error.retryable || error.retryAfterMs !== undefined || error.code === "UNAVAILABLE" ? later(error) : pause;
  }
}

const pause: NextStep = { do: "pause", forgetToken: false };

function later(error: GatewayError): NextStep {
  return { do: "wait", askedMs: error.retryAfterMs, for: "gateway" };
}

/** Whether the refusal is what a gateway says that knows only revision 3. */
function wantsOlder(error: GatewayError): boolean {
  if (error.detailCode === "PROTOCOL_MISMATCH") return error.details["expectedProtocol"] === 3;
  if (error.detailCode === "DEVICE_AUTH_SIGNATURE_INVALID") return true;
  // Such a gateway refuses keys that it doesn't know, and names no detail code of its own.
  return error.detailCode === "INVALID_PARAMS" && error.details["code"] === undefined;
}

function pairing(error: GatewayError): NextStep {
  const goesOn =
    error.details["pauseReconnect"] === false || error.details["recommendedNextStep"] === "wait_then_retry";
  return goesOn ? { do: "wait", askedMs: error.retryAfterMs, for: "approval" } : pause;
}

/** When something on this side failed. */
export interface Moment {
  /** Whether the connection was in use when it ended. */
  readonly wasInUse: boolean;
  /** Whether this gateway was ever reached by this client. */
  readonly wasEverConnected: boolean;
}

/** Decides what follows a failure on this side, before or after hello-ok. Pure. */
export function afterFailure(error: ClientError, moment: Moment): NextStep {
  switch (error.code) {
    case "CLOSED":
      return moment.wasInUse || mayComeBack(error.closeCode) ? gateway(undefined) : pause;
    case "UNREACHABLE":
    case "CONNECT_TIMEOUT":
      return gateway(undefined);
    case "UPGRADE_REFUSED": {
      const status = error.httpStatus ?? 0;
      const mayPass = status >= 500 || status === 429 || status === 408;
      // Where there was a gateway, something else answers for a while: a proxy, a hotel's sign-in page.
      return mayPass || moment.wasEverConnected ? gateway(error.retryAfterMs) : pause;
    }
    default:
      return pause;
  }
}

function gateway(askedMs: number | undefined): NextStep {
  return { do: "wait", askedMs, for: "gateway" };
}

/** Whether a socket that closed before hello-ok, without a word, is worth another try. */
function mayComeBack(closeCode: number | undefined): boolean {
  return closeCode !== CLOSE_CODES.Policy.code && closeCode !== CLOSE_CODES.ProtocolMismatch.code;
}
