import { type ClientState, GatewayError } from "@saltgate/client";

const MAX_CHARS = 300;

/** Text that came from elsewhere, fit for a terminal: on one line, and without what could move the cursor. */
export function plain(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "·");
  return line.length > MAX_CHARS ? `${line.slice(0, MAX_CHARS)}…` : line;
}

/** The command with which the owner lets a node in; only for a request that can be typed as it is. */
export function approveCommand(requestId: string | undefined): string | undefined {
  return requestId !== undefined && /^[A-Za-z0-9][\w-]{0,127}$/.test(requestId)
    ? `saltgate nodes approve ${requestId}`
    : undefined;
}

/** What the connection is doing, in words for the person who started the node; `undefined` where nothing is new. */
export function connectionWords(state: ClientState, url: string): string | undefined {
  switch (state.status) {
    case "idle":
    case "connecting":
    case "closed":
      return undefined;
    case "connected":
      return `Connected to ${url}.`;
    case "waiting": {
      const command = approveCommand(state.requestId);
      return command === undefined
        ? `No connection to ${url} (${plain(state.error.message)}). It is tried again until it works.`
        : `This node waits for its owner. On the machine of the gateway, run: ${command}`;
    }
    case "paused": {
      const what = state.error instanceof GatewayError ? "doesn't let this node in" : "can't be used";
      return `The gateway at ${url} ${what}: ${plain(state.error.message)}. ${mendOf(state)}It is tried again every few minutes.`;
    }
  }
}

/** What mends a refusal, where this side knows. */
function mendOf({ error }: Extract<ClientState, { status: "paused" }>): string {
  const code = "detailCode" in error ? (error.detailCode ?? error.code) : error.code;
  switch (code) {
    case "AUTH_BOOTSTRAP_TOKEN_INVALID":
      return "Make a new invitation on the gateway: saltgate nodes invite. ";
    case "AUTH_TOKEN_MISSING":
    case "AUTH_TOKEN_MISMATCH":
    case "AUTH_PASSWORD_MISSING":
    case "AUTH_PASSWORD_MISMATCH":
    case "AUTH_DEVICE_TOKEN_MISMATCH":
      return "Invite it on the gateway (saltgate nodes invite), and join with that line here. ";
    case "TLS_PIN_MISMATCH":
    case "TLS_UNTRUSTED":
      return "Compare the certificate's fingerprint with the one that the gateway printed at its start. ";
    case "INSECURE_URL":
      return "Use wss://. ";
    default:
      return "";
  }
}
