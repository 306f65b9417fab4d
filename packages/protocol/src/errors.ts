import type { ProtocolVersion } from "./versions.ts";

/**
 * Codes of `res.error.code`: what kind of failure it was. The finer word is `details.code`.
 * `FORBIDDEN` and `APPROVAL_NOT_FOUND` exist from revision 4 on; a revision 3 peer sees `INVALID_REQUEST`.
 */
export const ErrorCode = {
  InvalidRequest: "INVALID_REQUEST",
  NotPaired: "NOT_PAIRED",
  Unavailable: "UNAVAILABLE",
  NotLinked: "NOT_LINKED",
  AgentTimeout: "AGENT_TIMEOUT",
  Forbidden: "FORBIDDEN",
  ApprovalNotFound: "APPROVAL_NOT_FOUND",
} as const;
/** A code of {@link ErrorCode}. */
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

/** One row of the table of detail codes. */
export interface DetailCodeEntry {
  readonly code: ErrorCode;
  readonly meaning: string;
  /** What a person does about it. */
  readonly mend: string;
  /** Whether the same request can succeed later without anybody acting. */
  readonly retryable: boolean;
  /** What `details.reason` says besides, where clients of revision 4 look there. */
  readonly reason?: string;
}

/**
 * Codes of `res.error.details.code`. Programs match on these; messages are for people.
 * Source: docs/protocol.md, "Errors".
 */
export const DETAIL_CODES = {
  PROTOCOL_MISMATCH: {
    code: "INVALID_REQUEST",
    meaning: "No protocol revision in common.",
    mend: "Update the older side.",
    retryable: false,
  },
  INVALID_FRAME: {
    code: "INVALID_REQUEST",
    meaning: "The frame is not a request frame.",
    mend: 'Send {type:"req", id, method, params}.',
    retryable: false,
  },
  INVALID_PARAMS: {
    code: "INVALID_REQUEST",
    meaning: "The params don't fit the method.",
    mend: "See the method in the protocol reference.",
    retryable: false,
  },
  INVALID_HANDSHAKE: {
    code: "INVALID_REQUEST",
    meaning: "The first request was not connect, or connect came again.",
    mend: "Send connect first, once.",
    retryable: false,
  },
  INVALID_ROLE: {
    code: "INVALID_REQUEST",
    meaning: "The role is neither operator nor node.",
    mend: "Ask for one of the two.",
    retryable: false,
  },
  CONTROL_UI_ORIGIN_NOT_ALLOWED: {
    code: "INVALID_REQUEST",
    meaning: "A web page of another origin tried to connect.",
    mend: "Open the page from the gateway itself, or add its origin to gateway.controlUi.allowedOrigins.",
    retryable: false,
  },
  CONTROL_UI_DEVICE_IDENTITY_REQUIRED: {
    code: "INVALID_REQUEST",
    meaning: "The page has no device identity, because it was not opened in a secure context.",
    mend: "Open it over HTTPS or on localhost.",
    retryable: false,
  },
  DEVICE_IDENTITY_REQUIRED: {
    code: "NOT_PAIRED",
    meaning: "This connection needs a device identity.",
    mend: "Connect with a device identity; only a local program that knows the gateway's secret may do without.",
    retryable: false,
  },
  DEVICE_AUTH_DEVICE_ID_MISMATCH: {
    code: "INVALID_REQUEST",
    meaning: "The device id is not the fingerprint of the key.",
    mend: "Derive the id from the public key.",
    retryable: false,
  },
  DEVICE_AUTH_SIGNATURE_EXPIRED: {
    code: "INVALID_REQUEST",
    meaning: "The proof was signed too long ago, or in the future.",
    mend: "Set the clock of one of the two machines.",
    retryable: true,
  },
  DEVICE_AUTH_NONCE_REQUIRED: {
    code: "INVALID_REQUEST",
    meaning: "The proof lacks the challenge's nonce.",
    mend: "Wait for connect.challenge and sign its nonce.",
    retryable: false,
  },
  DEVICE_AUTH_NONCE_MISMATCH: {
    code: "INVALID_REQUEST",
    meaning: "The proof answers another challenge.",
    mend: "Sign the nonce of this connection.",
    retryable: true,
  },
  DEVICE_AUTH_SIGNATURE_INVALID: {
    code: "INVALID_REQUEST",
    meaning: "The signature doesn't fit the connect fields.",
    mend: "Sign the fields exactly as they are sent.",
    retryable: false,
  },
  DEVICE_AUTH_PUBLIC_KEY_INVALID: {
    code: "INVALID_REQUEST",
    meaning: "The public key is not a usable Ed25519 key.",
    mend: "Create a new device identity.",
    retryable: false,
  },
  AUTH_TOKEN_MISSING: {
    code: "INVALID_REQUEST",
    meaning: "No token was presented.",
    mend: "Pass the gateway's token.",
    retryable: false,
  },
  AUTH_TOKEN_MISMATCH: {
    code: "INVALID_REQUEST",
    meaning: "The token is not the gateway's.",
    mend: "Compare it with gateway.auth.token on the gateway.",
    retryable: false,
  },
  AUTH_TOKEN_NOT_CONFIGURED: {
    code: "INVALID_REQUEST",
    meaning: "The gateway has no token.",
    mend: "Set gateway.auth.token on the gateway.",
    retryable: false,
  },
  AUTH_PASSWORD_MISSING: {
    code: "INVALID_REQUEST",
    meaning: "No password was presented.",
    mend: "Pass the gateway's password.",
    retryable: false,
  },
  AUTH_PASSWORD_MISMATCH: {
    code: "INVALID_REQUEST",
    meaning: "The password is not the gateway's.",
    mend: "Compare it with gateway.auth.password on the gateway.",
    retryable: false,
  },
  AUTH_PASSWORD_NOT_CONFIGURED: {
    code: "INVALID_REQUEST",
    meaning: "The gateway has no password.",
    mend: "Set gateway.auth.password on the gateway.",
    retryable: false,
  },
  AUTH_DEVICE_TOKEN_MISMATCH: {
    code: "INVALID_REQUEST",
    meaning: "The device's own token is not, or no longer, valid.",
    mend: "Connect once with the gateway's secret, or have the device's token rotated.",
    retryable: false,
  },
  AUTH_SCOPE_MISMATCH: {
    code: "INVALID_REQUEST",
    meaning: "The device token doesn't cover the scopes asked for.",
    mend: "Ask for fewer scopes, or have the device approved for more.",
    retryable: false,
  },
  AUTH_RATE_LIMITED: {
    code: "INVALID_REQUEST",
    meaning: "Too many wrong credentials; this kind is locked for a while.",
    mend: "Wait, then use the right one.",
    retryable: true,
  },
  AUTH_TAILSCALE_IDENTITY_MISSING: {
    code: "INVALID_REQUEST",
    meaning: "No Tailscale identity came with the request.",
    mend: "Connect through tailscale serve, or use a token.",
    retryable: false,
  },
  AUTH_TAILSCALE_PROXY_MISSING: {
    code: "INVALID_REQUEST",
    meaning: "Tailscale headers without Tailscale's proxy.",
    mend: "Connect through tailscale serve.",
    retryable: false,
  },
  AUTH_TAILSCALE_WHOIS_FAILED: {
    code: "INVALID_REQUEST",
    meaning: "Tailscale could not say who this is.",
    mend: "Check tailscale status on the gateway.",
    retryable: true,
  },
  AUTH_TAILSCALE_IDENTITY_MISMATCH: {
    code: "INVALID_REQUEST",
    meaning: "Tailscale says that this is somebody else.",
    mend: "Check the proxy in front of the gateway.",
    retryable: false,
  },
  AUTH_REQUIRED: {
    code: "INVALID_REQUEST",
    meaning: "A credential is needed.",
    mend: "Pass the gateway's token or password.",
    retryable: false,
  },
  AUTH_UNAUTHORIZED: {
    code: "INVALID_REQUEST",
    meaning: "The credential was refused.",
    mend: "Check the gateway's token or password.",
    retryable: false,
  },
  PAIRING_REQUIRED: {
    code: "NOT_PAIRED",
    meaning: "The device, its role or its scopes await the owner's approval.",
    mend: "Run saltgate devices approve on the gateway.",
    retryable: false,
  },
  PAIRING_CAPACITY: {
    code: "UNAVAILABLE",
    meaning: "Too many devices wait for approval.",
    mend: "Approve or reject what is waiting: saltgate devices list.",
    retryable: true,
  },
  PROXY_ATTRIBUTION_REQUIRED: {
    code: "INVALID_REQUEST",
    meaning: "The request came through a proxy that doesn't say for whom.",
    mend: "List the proxy in gateway.trustedProxies and let it set X-Forwarded-For.",
    retryable: false,
  },
  ROLE_NOT_ALLOWED: {
    code: "INVALID_REQUEST",
    meaning: "The method is for the other role.",
    mend: "Call it from a connection of that role.",
    retryable: false,
  },
  MISSING_SCOPE: {
    code: "FORBIDDEN",
    meaning: "The connection lacks the scope that the method needs.",
    mend: "Have the device approved for that scope.",
    retryable: false,
  },
  UNKNOWN_METHOD: {
    code: "INVALID_REQUEST",
    meaning: "No such method in the protocol.",
    mend: "See the protocol reference.",
    retryable: false,
  },
  METHOD_NOT_SERVED: {
    code: "INVALID_REQUEST",
    meaning: "The protocol describes the method, but this gateway doesn't serve it.",
    mend: "Check hello-ok.features.methods before calling.",
    retryable: false,
  },
  IDEMPOTENCY_KEY_REUSED: {
    code: "INVALID_REQUEST",
    meaning: "The idempotency key belongs to another request.",
    mend: "Use a fresh key for each request.",
    retryable: false,
  },
  QUEUE_FULL: {
    code: "UNAVAILABLE",
    meaning: "Too many requests are under way.",
    mend: "Wait for answers before sending more.",
    retryable: true,
  },
  OVERLOADED: {
    code: "UNAVAILABLE",
    meaning: "The gateway has no room for more connections or data.",
    mend: "Try again later.",
    retryable: true,
  },
  STARTING: {
    code: "UNAVAILABLE",
    meaning: "The gateway is still starting.",
    mend: "Try again in a moment.",
    retryable: true,
    reason: "startup-sidecars",
  },
  RESTARTING: {
    code: "UNAVAILABLE",
    meaning: "The gateway is about to stop or restart.",
    mend: "Try again in a moment.",
    retryable: true,
    reason: "gateway-restarting",
  },
  INTERNAL: {
    code: "UNAVAILABLE",
    meaning: "Something went wrong inside the gateway; its log has the story.",
    mend: "Look into the gateway's log.",
    retryable: true,
  },
  STORE_UNAVAILABLE: {
    code: "UNAVAILABLE",
    meaning: "The gateway's state can't be read or written.",
    mend: "Look into the gateway's log; the file it names was kept.",
    retryable: true,
  },
  UNKNOWN_REQUEST_ID: {
    code: "INVALID_REQUEST",
    meaning: "No such pairing request; it may have expired or been superseded.",
    mend: "saltgate devices list shows what is waiting.",
    retryable: false,
  },
  UNKNOWN_DEVICE: {
    code: "INVALID_REQUEST",
    meaning: "No such paired device, or it doesn't have that role.",
    mend: "saltgate devices list shows the devices.",
    retryable: false,
  },
  DEVICE_NOT_OWNED: {
    code: "FORBIDDEN",
    meaning: "Only an admin acts on other devices.",
    mend: "Run it on the gateway, or from a device with operator.admin.",
    retryable: false,
  },
  APPROVER_LACKS_SCOPE: {
    code: "FORBIDDEN",
    meaning: "Nobody grants what they don't hold.",
    mend: "Approve from a device that holds these scopes, or on the gateway itself.",
    retryable: false,
  },
  UNKNOWN_NODE: {
    code: "INVALID_REQUEST",
    meaning: "No such node.",
    mend: "saltgate nodes list shows the nodes.",
    retryable: false,
  },
  NOT_CONNECTED: {
    code: "UNAVAILABLE",
    meaning: "The node is not connected.",
    mend: "Start the node, then try again.",
    retryable: true,
  },
  COMMAND_NOT_ALLOWED: {
    code: "INVALID_REQUEST",
    meaning:
      "The node may not be asked for this command: it is in no list for its platform, the node doesn't declare it, or its owner hasn't approved it yet. `details.reason` says which.",
    mend: "saltgate nodes describe shows what the node may be asked for; gateway.nodes.allowCommands adds to it.",
    retryable: false,
  },
  NODE_TOO_OLD: {
    code: "INVALID_REQUEST",
    meaning: "The node's program is too old for what it is asked.",
    mend: "Update the node, then try again.",
    retryable: false,
  },
  NODE_FAILED: {
    code: "UNAVAILABLE",
    meaning: "The node said no, or failed; `details.nodeError` is its word.",
    mend: "The message says what the node wants.",
    retryable: false,
  },
  NODE_TIMEOUT: {
    code: "UNAVAILABLE",
    meaning: "The node didn't answer in time. The command may still run.",
    mend: "If the error says retryable, repeat it with the same idempotency key to get its answer. Otherwise look on the node.",
    retryable: false,
  },
  NODE_DISCONNECTED: {
    code: "UNAVAILABLE",
    meaning: "The node went away before it answered. The command may have run.",
    mend: "If the error says retryable, repeat it with the same idempotency key: the node won't run it twice. Otherwise look on the node.",
    retryable: false,
  },
  RESULT_TOO_LARGE: {
    code: "UNAVAILABLE",
    meaning: "The command ran, and its result doesn't fit into a frame.",
    mend: "Ask for less: a smaller picture, a part of the file.",
    retryable: false,
  },
  NODE_ID_MISMATCH: {
    code: "INVALID_REQUEST",
    meaning: "A node speaks for another one.",
    mend: "Answer with the node's own id.",
    retryable: false,
  },
  PENDING_WORK_FULL: {
    code: "UNAVAILABLE",
    meaning: "Too much work waits for this node already.",
    mend: "Wait until it is back, or take some back.",
    retryable: true,
  },
  UNKNOWN_WORK: {
    code: "INVALID_REQUEST",
    meaning: "No such work; what is over is forgotten after a day.",
    mend: "node.pending.list names the work.",
    retryable: false,
  },
  APPROVAL_EXPIRED: {
    code: "INVALID_REQUEST",
    meaning: "Nobody allowed it in time. Nothing was run.",
    mend: "Ask again, and have somebody watch: saltgate approvals watch.",
    retryable: false,
  },
  APPROVAL_DENIED: {
    code: "INVALID_REQUEST",
    meaning: "The owner said no. Nothing was run.",
    mend: "Ask the owner.",
    retryable: false,
  },
  APPROVAL_PENDING: {
    code: "INVALID_REQUEST",
    meaning: "The approval isn't decided yet. Nothing was run.",
    mend: "Wait for it: exec.approval.waitDecision.",
    retryable: false,
  },
  APPROVAL_USED: {
    code: "INVALID_REQUEST",
    meaning: "An approval holds for one run, and this one had its run.",
    mend: "Ask again.",
    retryable: false,
  },
  APPROVAL_MISMATCH: {
    code: "INVALID_REQUEST",
    meaning: "The approval is for something else: `details.field` says what differs. Nothing was run.",
    mend: "Ask for an approval of exactly what shall run.",
    retryable: false,
  },
  APPROVAL_ID_IN_USE: {
    code: "INVALID_REQUEST",
    meaning: "An approval of this id exists already.",
    mend: "Leave the id out, and take the one that is answered.",
    retryable: false,
  },
  APPROVAL_OWN_REQUEST: {
    code: "FORBIDDEN",
    meaning: "Whoever asks can't answer.",
    mend: "Answer from another connection.",
    retryable: false,
  },
  APPROVALS_FILE_CHANGED: {
    code: "INVALID_REQUEST",
    meaning: "The approvals file is another one than the change was made from.",
    mend: "Read it again, then change that.",
    retryable: false,
  },
  AUTH_BOOTSTRAP_TOKEN_INVALID: {
    code: "INVALID_REQUEST",
    meaning: "The setup code is unknown, expired, or was used by another device.",
    mend: "Make a new one on the gateway: saltgate nodes invite.",
    retryable: false,
  },
  APPROVAL_NOT_FOUND: {
    code: "APPROVAL_NOT_FOUND",
    meaning: "No such approval, or it was decided already.",
    mend: "List the open approvals.",
    retryable: false,
  },
  UNKNOWN_AGENT_ID: {
    code: "INVALID_REQUEST",
    meaning: "No such agent.",
    mend: "agents.list names the agents.",
    retryable: false,
  },
  UNKNOWN_CHANNEL: {
    code: "INVALID_REQUEST",
    meaning: "No such channel.",
    mend: "saltgate channels status names the channels; saltgate channels add adds one.",
    retryable: false,
  },
  UNKNOWN_ACCOUNT: {
    code: "INVALID_REQUEST",
    meaning: "The channel has no such account.",
    mend: "saltgate channels status names the accounts.",
    retryable: false,
  },
  UNKNOWN_TARGET: {
    code: "INVALID_REQUEST",
    meaning: "That is nobody to whom the channel could send.",
    mend: "The message says how a target of this channel is written.",
    retryable: false,
  },
  CHANNEL_UNAVAILABLE: {
    code: "UNAVAILABLE",
    meaning: "The channel is not installed, not configured, or disabled.",
    mend: "The message says what is missing.",
    retryable: false,
  },
  DELIVERY_FAILED: {
    code: "UNAVAILABLE",
    meaning: "The platform did not take the message.",
    mend: "saltgate deliveries shows why; saltgate deliveries retry tries again.",
    retryable: false,
  },
  UNKNOWN_DELIVERY: {
    code: "INVALID_REQUEST",
    meaning: "No such delivery, or it is not one that waits for its owner.",
    mend: "saltgate deliveries names them.",
    retryable: false,
  },
  UNKNOWN_SESSION: {
    code: "INVALID_REQUEST",
    meaning: "No such session, or more than one.",
    mend: "sessions.list names the sessions.",
    retryable: false,
  },
  UNKNOWN_MODEL: {
    code: "INVALID_REQUEST",
    meaning: "No such model, or this agent may not use it.",
    mend: "models.list names the models.",
    retryable: false,
  },
  UNKNOWN_RUN: {
    code: "INVALID_REQUEST",
    meaning: "The run belongs to another session.",
    mend: "Name the session that it belongs to.",
    retryable: false,
  },
  SEND_BLOCKED: {
    code: "INVALID_REQUEST",
    meaning: "The session's rules say that nothing is sent in it.",
    mend: "sessions.patch with sendPolicy changes that for one session, session.sendPolicy of the configuration for all.",
    retryable: false,
  },
  TURN_REFUSED: {
    code: "UNAVAILABLE",
    meaning: "The agent takes nothing more now: a limit of runs or spend is reached, or too much waits.",
    mend: "The message says which limit, and when it ends.",
    retryable: true,
  },
  RUN_FAILED: {
    code: "UNAVAILABLE",
    meaning: "The run ended with an error.",
    mend: "The message says which.",
    retryable: false,
  },
  CONVERSATION_UNAVAILABLE: {
    code: "UNAVAILABLE",
    meaning: "The database of conversations can't be used.",
    mend: "The gateway's log, and saltgate status, say why.",
    retryable: true,
  },
  CRON_JOB_NOT_FOUND: {
    code: "INVALID_REQUEST",
    meaning: "No such job.",
    mend: "cron.list names the jobs.",
    retryable: false,
  },
  WIZARD_NOT_FOUND: {
    code: "INVALID_REQUEST",
    meaning: "No such wizard, or it is over.",
    mend: "Start one with wizard.start.",
    retryable: false,
  },
  SETUP_ADMISSION_BUSY: {
    code: "UNAVAILABLE",
    meaning: "Somebody else is setting the gateway up right now.",
    mend: "Wait until that is over, or cancel it with wizard.cancel.",
    retryable: true,
  },
  OUTBOUND_DELIVERY_QUEUED: {
    code: "UNAVAILABLE",
    meaning: "The message was not sent yet; it is kept and will be sent when its channel is back.",
    mend: "Wait; sending it again with another key sends it twice.",
    retryable: false,
  },
} as const satisfies Record<string, DetailCodeEntry>;

/** A code of {@link DETAIL_CODES}. */
export type DetailCode = keyof typeof DETAIL_CODES;

/** `res.error`. Absent keys are left out, never `null`: strict clients drop frames with other keys or nulls. */
export interface ErrorShape {
  code: string;
  message: string;
  details?: unknown;
  retryable?: boolean;
  retryAfterMs?: number;
}

/** What to add to an error besides its code and message. */
export interface ErrorExtras {
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  /** Milliseconds to wait before trying again. Implies that trying again makes sense. */
  readonly retryAfterMs?: number | undefined;
  /** Whether the same request may be sent again, where it depends on more than the code. */
  readonly retryable?: boolean | undefined;
}

/** Builds an error from its detail code: the outer code and whether a retry makes sense come from the table. */
export function errorShape(detail: DetailCode, message: string, extras: ErrorExtras = {}): ErrorShape {
  const entry: DetailCodeEntry = DETAIL_CODES[detail];
  const reason = entry.reason === undefined ? undefined : { reason: entry.reason };
  const shape: ErrorShape = { code: entry.code, message, details: { code: detail, ...reason, ...extras.details } };
  if (extras.retryable ?? entry.retryable) shape.retryable = true;
  if (extras.retryAfterMs !== undefined) shape.retryAfterMs = extras.retryAfterMs;
  return shape;
}

/** The same error in the words of a revision: codes that came later fall back to `INVALID_REQUEST`. */
export function errorForVersion(error: ErrorShape, version: ProtocolVersion): ErrorShape {
  if (version >= 4) return error;
  const late = error.code === ErrorCode.Forbidden || error.code === ErrorCode.ApprovalNotFound;
  return late ? { ...error, code: ErrorCode.InvalidRequest } : error;
}
