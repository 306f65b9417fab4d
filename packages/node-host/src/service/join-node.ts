import { ClientError, type ClientState, GatewayError } from "@saltgate/client";
import { decodeSetupCode, type SetupCode } from "@saltgate/identity";
import type { NodeHost } from "../node-host.ts";
import { connectionWords, plain } from "./connection-words.ts";
import { ExitCode, NodeServiceError } from "./exit-codes.ts";
import type { NodeServiceHost } from "./node-service-host.ts";

/** How long a gateway may be unreachable before joining is given up, in milliseconds. */
const PATIENCE_MS = 30_000;

/**
 * The setup code in what somebody pasted: the code alone, or the whole line that the gateway printed.
 * @throws {NodeServiceError} when there is none. What was pasted is not repeated: it may be a secret.
 */
export function setupCodeIn(pasted: string): SetupCode {
  const codes = pasted
    .split(/\s+/)
    .map((word) => word.replace(/^["'`]+|["'`]+$/g, ""))
    .flatMap((word) => decodeSetupCode(word) ?? []);
  const [code] = codes;
  if (code !== undefined) return code;
  throw new NodeServiceError("SETUP_CODE", "there is no invitation in what was given, or it is not whole", {
    exitCode: ExitCode.Usage,
    mend: "On the machine of the gateway, run: saltgate nodes invite. Then paste the line that it prints here.",
  });
}

/** Connects for the first time, and resolves when the node is in. Waits for the owner for as long as it takes. */
export async function joinGateway(
  node: NodeHost,
  url: string,
  host: NodeServiceHost,
  stopping: AbortSignal,
): Promise<void> {
  const abort = new AbortController();
  const onStop = (): void => abort.abort();
  stopping.addEventListener("abort", onStop, { once: true });
  if (stopping.aborted) onStop();
  let patience: NodeJS.Timeout | undefined = setTimeout(() => abort.abort(), PATIENCE_MS);
  let lastError: Error | undefined;
  const stopStates = node.onState((state: ClientState) => {
    if (state.status !== "waiting") return;
    lastError = state.error;
    if (state.requestId === undefined) return;
    clearTimeout(patience); // it was reached; now it's a person that is waited for
    if (patience !== undefined) host.stderr(`${connectionWords(state, url)}\n`);
    patience = undefined;
  });
  try {
    await node.connect({ signal: abort.signal });
  } catch (error) {
    throw whyNot(error instanceof ClientError && error.code === "ABORTED" ? (lastError ?? error) : error, url);
  } finally {
    clearTimeout(patience);
    stopStates();
    stopping.removeEventListener("abort", onStop);
  }
}

function whyNot(error: unknown, url: string): NodeServiceError {
  if (error instanceof GatewayError) {
    const code = error.detailCode ?? error.code;
    return new NodeServiceError(code, `the gateway didn't let this node in: ${plain(error.message)}`, {
      exitCode: ExitCode.NotPermitted,
      mend: "An invitation is good once, for ten minutes. Make a new one on the gateway: saltgate nodes invite",
      cause: error,
    });
  }
  if (!(error instanceof ClientError)) throw error;
  if (error.code === "ABORTED")
    return new NodeServiceError(error.code, "joining was stopped", { exitCode: ExitCode.Failed, cause: error });
  const isCertificate = error.code.startsWith("TLS_");
  const isAddress = error.code === "INSECURE_URL" || error.code === "INVALID_URL";
  return new NodeServiceError(error.code, `the gateway at ${url} can't be joined: ${plain(error.message)}`, {
    exitCode: isCertificate ? ExitCode.NotPermitted : isAddress ? ExitCode.Usage : ExitCode.Unreachable,
    mend: isCertificate
      ? "Something else answers there, or the gateway has another certificate now. Make a new invitation: saltgate nodes invite"
      : "Check that the gateway runs, and that this machine can reach it there.",
    cause: error,
  });
}
