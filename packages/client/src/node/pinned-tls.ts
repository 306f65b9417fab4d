import { isIP } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { ClientError } from "../errors.ts";
import { normalizeFingerprint } from "../gateway-url.ts";
import { networkError } from "./network-error.ts";

/**
 * Opens TLS and compares the server's certificate before anything else is written: a server with another certificate
 * never sees a request line (rule R-55). The pin replaces the usual authorities, so that a gateway's own self-signed
 * certificate is as good as any, and a certificate of a trusted authority is worth nothing if it is another one.
 * @param signal closes the connection, for as long as nobody else has taken it over
 * @throws {ClientError} TLS_PIN_MISMATCH, UNREACHABLE
 */
export function openPinnedTls(url: string, fingerprint: string, signal: AbortSignal): Promise<TLSSocket> {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  const socket = connect({
    host,
    port: port === "" ? 443 : Number(port),
    minVersion: "TLSv1.2",
    ALPNProtocols: ["http/1.1"],
    ...(isIP(host) === 0 && { servername: host }),
    rejectUnauthorized: false, // the pin below is the stricter check
  });
  signal.addEventListener("abort", () => socket.destroy(), { once: true });
  return new Promise((resolve, reject) => {
    const onClose = (): void => reject(new ClientError("UNREACHABLE", "the connection closed before TLS was set up"));
    socket.on("close", onClose);
    // Stays: an error between this check and the WebSocket's own listener must not end the program.
    socket.on("error", (cause: Error) => reject(networkError(cause)));
    socket.once("secureConnect", () => {
      socket.off("close", onClose);
      const shown = normalizeFingerprint(socket.getPeerCertificate().fingerprint256 ?? "");
      if (shown === fingerprint) return resolve(socket);
      socket.destroy();
      reject(
        new ClientError(
          "TLS_PIN_MISMATCH",
          `the gateway showed the certificate ${shown ?? "(none)"}, and the pinned one is ${fingerprint}`,
        ),
      );
    });
  });
}
