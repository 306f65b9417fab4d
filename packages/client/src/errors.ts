import type { ErrorShape } from "@saltgate/protocol";
import { detailCodeFromMessage } from "./older-refusals.ts";

/**
 * What can go wrong on this side of the wire, by code. Each has its row in the README.
 * What a gateway answers is a {@link GatewayError} instead.
 */
export const CLIENT_ERRORS = {
  ABORTED: "The caller's AbortSignal ended it.",
  BAD_HELLO: "The gateway accepted the connection with an answer that is no hello-ok of a revision that was asked for.",
  BAD_RESPONSE: "The gateway answered a request with something that is no response.",
  CLOSED:
    "The connection closed; closeCode and closeReason say how. Requests that were under way may or may not have run.",
  CONNECT_TIMEOUT: "The gateway accepted the socket, or didn't even do that, but sent no hello-ok in time.",
  FRAME_TOO_LARGE: "The request is larger than the gateway accepts; nothing was sent.",
  INSECURE_URL: "The address is public and the connection would be in plain text; nothing was sent.",
  INVALID_OPTION: "An option has a value that can't be used.",
  INVALID_URL: "The address is no gateway's: another scheme, or it carries credentials, a query or a fragment.",
  NOT_CONNECTED: "There is no connection to send the request on.",
  REQUEST_TIMEOUT: "No answer came in time. The gateway may still carry the request out.",
  TLS_PIN_MISMATCH: "The gateway's certificate is another one than the pinned one; nothing was sent.",
  TLS_PIN_NEEDS_WSS: "A pinned certificate needs a wss:// address.",
  TLS_PIN_UNSUPPORTED: "This platform shows no certificates to programs, so a pin can't be checked.",
  TLS_UNTRUSTED: "Nobody whom this machine trusts vouches for the gateway's certificate; nothing was sent.",
  TOKEN_STORE_FAILED: "The device token could not be read or kept.",
  TOO_MANY_REQUESTS: "Too many requests wait for their answers; nothing was sent.",
  UNREACHABLE: "No connection came about: nobody listens there, the name is unknown, or the network is down.",
  UPGRADE_REFUSED: "An HTTP server answered, but not with a WebSocket; httpStatus says with what.",
} as const;

/** A code of {@link CLIENT_ERRORS}. */
export type ClientErrorCode = keyof typeof CLIENT_ERRORS;

/** Facts that come with some codes. */
export interface ClientErrorFacts {
  readonly cause?: unknown;
  /** With CLOSED: the WebSocket close code; 1006 when the connection just ended. */
  readonly closeCode?: number | undefined;
  /** With CLOSED: the reason that the gateway gave. */
  readonly closeReason?: string | undefined;
  /** With UPGRADE_REFUSED: the status of the HTTP answer. */
  readonly httpStatus?: number | undefined;
  /** Milliseconds to wait before trying again, where the other side said so. */
  readonly retryAfterMs?: number | undefined;
}

/** A failure on this side: the gateway didn't say it, so there is no wire code. Never holds a secret. */
export class ClientError extends Error {
  override readonly name = "ClientError";
  readonly code: ClientErrorCode;
  readonly closeCode: number | undefined;
  readonly closeReason: string | undefined;
  readonly httpStatus: number | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ClientErrorCode, message: string, facts: ClientErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.closeCode = facts.closeCode;
    this.closeReason = facts.closeReason;
    this.httpStatus = facts.httpStatus;
    this.retryAfterMs = facts.retryAfterMs;
  }
}

/** What a gateway answered instead of a result. `code` and `detailCode` are for programs, the message is for people. */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  /** `res.error.code`: what kind of failure it was. */
  readonly code: string;
  /** `res.error.details.code`: which one exactly. For gateways that don't send it yet: what their message stands for. */
  readonly detailCode: string | undefined;
  /** `res.error.details`; an empty object when the gateway sent none. */
  readonly details: Record<string, unknown>;
  /** Whether the gateway says that the same request can succeed later. */
  readonly retryable: boolean;
  /** Milliseconds to wait before trying again; `undefined` when the gateway gave no hint. */
  readonly retryAfterMs: number | undefined;
  /** The method that was called. */
  readonly method: string;

  constructor(method: string, error: ErrorShape) {
    super(error.message);
    const details = typeof error.details === "object" && error.details !== null ? { ...error.details } : {};
    this.method = method;
    this.code = error.code;
    this.details = details as Record<string, unknown>;
    const said = this.details["code"];
    this.detailCode =
      typeof said === "string" ? said : method === "connect" ? detailCodeFromMessage(error.message) : undefined;
    this.retryable = error.retryable ?? false;
    this.retryAfterMs = error.retryAfterMs;
  }
}
