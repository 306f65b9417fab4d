import type { PeerCertificate } from "node:tls";
import { normalizeFingerprint } from "../gateway-url.ts";
import type { OpenSocket, SocketTarget } from "../socket.ts";
import { connectWebSocket } from "../web/web-socket.ts";
import { openPinnedTls } from "./pinned-tls.ts";

/** What Bun's WebSocket takes besides the standard's. */
type BunWebSocket = new (
  url: string,
  options: {
    tls: {
      ca: string;
      rejectUnauthorized: boolean;
      checkServerIdentity: (host: string, certificate: PeerCertificate) => Error | undefined;
    };
  },
) => WebSocket;

/**
 * Bun can't put a WebSocket on a connection that is open already. So a first connection fetches the certificate and
 * compares it with the pin, and the WebSocket's own then trusts nothing but that very certificate: both are checked
 * while TLS is set up (rule R-55). A pinned certificate that is not self-signed is refused, as Bun wants its issuer.
 * @throws {ClientError} TLS_PIN_MISMATCH, UNREACHABLE
 */
export async function pinnedBunSocket(target: SocketTarget, signal: AbortSignal): Promise<OpenSocket> {
  const { url, tlsFingerprint = "" } = target;
  const checked = await openPinnedTls(url, tlsFingerprint, signal);
  const ca = pemOf(checked.getPeerCertificate().raw);
  checked.destroy();
  const checkServerIdentity = (_host: string, { fingerprint256 }: PeerCertificate): Error | undefined =>
    normalizeFingerprint(fingerprint256 ?? "") === tlsFingerprint ? undefined : new Error("another certificate");
  const Socket = globalThis.WebSocket as unknown as BunWebSocket;
  return (at, events) =>
    connectWebSocket(
      () => new Socket(at.url, { tls: { ca, rejectUnauthorized: true, checkServerIdentity } }),
      at,
      events,
    );
}

function pemOf(der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}
