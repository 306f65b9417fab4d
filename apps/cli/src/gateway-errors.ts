import { ClientError, GatewayError } from "@saltgate/client";
import { DETAIL_CODES } from "@saltgate/protocol";
import { CommandError, Exit } from "./command-error.ts";
import { isLocalUrl } from "./local-url.ts";

/** Where the protocol's own advice names a method, the command that a person types instead. */
const COMMANDS_THAT_MEND: Readonly<Record<string, string>> = {
  UNKNOWN_SESSION: "Which there are: saltgate sessions list",
  UNKNOWN_MODEL: "Which there are: saltgate models",
  UNKNOWN_AGENT_ID: "Which there are: saltgate gateway call agents.list",
  UNKNOWN_CHANNEL: "Which there are: saltgate channels status. Another one: saltgate channels add telegram",
  RUN_FAILED: "Everything that was said, and what failed: saltgate sessions show",
  OUTBOUND_DELIVERY_QUEUED: "Nothing is left to do. How it goes: saltgate deliveries",
};

/** What a failure of a connection or a request means for the person at the terminal, and the command that mends it. */
export function explainGatewayError(error: unknown, url: string): CommandError {
  if (error instanceof GatewayError) return refused(error);
  if (error instanceof ClientError) return failed(error, url);
  throw error;
}

function refused(error: GatewayError): CommandError {
  const code = error.detailCode ?? error.code;
  const reason = typeof error.details["reason"] === "string" ? error.details["reason"] : undefined;
  const known = Object.hasOwn(DETAIL_CODES, code) ? DETAIL_CODES[code as keyof typeof DETAIL_CODES] : undefined;
  const command = Object.hasOwn(COMMANDS_THAT_MEND, code) ? COMMANDS_THAT_MEND[code] : undefined;
  const notPermitted =
    code.startsWith("AUTH_") ||
    code.startsWith("DEVICE_") ||
    ["PAIRING_REQUIRED", "MISSING_SCOPE", "APPROVER_LACKS_SCOPE", "APPROVAL_DENIED", "APPROVAL_EXPIRED"].includes(code);
  const { requestId } = error.details;
  const mend =
    code === "PAIRING_REQUIRED" && typeof requestId === "string"
      ? `On the machine of the gateway, run: saltgate devices approve ${requestId}`
      : (command ?? known?.mend);
  const message =
    code === "COMMAND_NOT_ALLOWED" && reason !== undefined ? `${error.message}: ${reason}` : error.message;
  return new CommandError(code, message, {
    mend,
    exit: notPermitted ? Exit.NotPermitted : Exit.Failed,
    retryable: error.retryable,
    cause: error,
  });
}

function failed(error: ClientError, url: string): CommandError {
  const options = { cause: error, exit: Exit.Failed };
  switch (error.code) {
    case "UNREACHABLE":
    case "CONNECT_TIMEOUT":
    case "UPGRADE_REFUSED":
    case "CLOSED":
      return new CommandError(error.code, `no gateway answers at ${url} (${error.message})`, {
        mend: isLocalUrl(url)
          ? "Start one: saltgate gateway"
          : "Check the address, and that the gateway runs: saltgate gateway probe",
        exit: Exit.Unreachable,
        cause: error,
      });
    case "INSECURE_URL":
      return new CommandError(error.code, error.message, {
        ...options,
        mend: "Use wss://, or a tunnel: ssh -N -L 18789:127.0.0.1:18789 user@host",
        exit: Exit.Usage,
      });
    case "TLS_UNTRUSTED":
    case "TLS_PIN_NEEDS_WSS":
    case "TLS_PIN_MISMATCH":
      return new CommandError(error.code, error.message, {
        ...options,
        mend: "Compare the certificate's fingerprint with the one that the gateway printed at its start",
        exit: Exit.NotPermitted,
      });
    default:
      return new CommandError(error.code, error.message, options);
  }
}
