import { isIP } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { ClientError } from "../errors.ts";
import { normalizeFingerprint } from "../gateway-url.ts";
import { networkError } from "./network-error.ts";

/** A TLS connection whose server is the pinned one. */
export interface PinnedTls {
  readonly socket: TLSSocket;
  /** Resolves when the certificate was checked. @throws {ClientError} TLS_PIN_MISMATCH, UNREACHABLE */
  readonly ready: Promise<void>;
  drop(): void;
}

/**
 * Opens TLS and compares the server's certificate before anything else is written: a server with another certificate
 * never sees a request line (rule R-55). The pin replaces the usual authorities, so that a gateway's own self-signed
 * certificate is as good as any, and a certificate of a trusted authority is worth nothing if it is another one.
 */
export function openPinnedTls(url: string, fingerprint: string): PinnedTls {
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
  const ready = new Promise<void>((resolve, reject) => {
    const onClose = (): void => reject(new ClientError("UNREACHABLE", "the connection closed before TLS was set up"));
    const onError = (cause: Error): void => reject(networkError(cause));
    socket.once("close", onClose);
    socket.once("error", onError);
    socket.once("secureConnect", () => {
      socket.off("close", onClose);
      socket.off("error", onError);
      // From here on the WebSocket listens; between the two nothing may be left unheard.
      socket.on("error", () => {});
      const shown = normalizeFingerprint(socket.getPeerCertificate().fingerprint256 ?? "");
      if (shown === fingerprint) return resolve();
      socket.destroy();
      reject(
        new ClientError(
          "TLS_PIN_MISMATCH",
          `the gateway showed the certificate ${shown ?? "(none)"}, and the pinned one is ${fingerprint}`,
        ),
      );
    });
  });
  return { socket, ready, drop: () => socket.destroy() };
}
