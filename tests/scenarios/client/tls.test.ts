import { createServer, type TLSSocket } from "node:tls";
import { GatewayClient } from "@saltgate/client";
import { certificateFingerprint, createSelfSignedCertificate } from "@saltgate/gateway/service";
import { describe, expect, test } from "vitest";
import { startWorld, TOKEN } from "./support/world.ts";

const certificate = () =>
  createSelfSignedCertificate(
    { commonName: "saltgate-gateway", dnsNames: ["elsewhere.example.net"], ipAddresses: [] },
    Date.now(),
  );
const client = (url: string, tlsFingerprint?: string) =>
  new GatewayClient({ url, token: TOKEN, scopes: ["operator.read"], reconnect: false, tlsFingerprint });

/** A server with a certificate of its own that keeps what it is told. */
async function impostor() {
  const told: string[] = [];
  const gone: Promise<void>[] = [];
  const server = createServer(certificate(), (socket: TLSSocket) => {
    socket.on("data", (bytes) => told.push(String(bytes)));
    socket.on("error", () => {}); // whoever recognises it hangs up
  });
  server.on("connection", (socket) => gone.push(new Promise((resolve) => socket.once("close", () => resolve()))));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `wss://127.0.0.1:${(server.address() as { port: number }).port}`,
    told,
    /** Resolves when whoever came has hung up. */
    async abandoned() {
      while (gone.length === 0) await new Promise((resolve) => setImmediate(resolve));
      await Promise.all(gone);
    },
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

describe("a pinned certificate", () => {
  test("a pinned certificate: a self-signed one is enough, however its fingerprint is spelt and whatever name it bears", async () => {
    const tls = certificate();
    await using world = await startWorld({ tls });
    const fingerprint = certificateFingerprint(tls.cert);
    const colons = fingerprint.toUpperCase().match(/../g)?.join(":") ?? "";
    for (const pin of [fingerprint, `sha256:${fingerprint}`, colons]) {
      await using pinned = client(world.url, pin);
      expect((await pinned.connect()).protocol).toBe(4);
      expect((await pinned.request("health")).ok).toBe(true);
    }
  });

  test("[R-55] a pinned certificate: a server with another one never sees a request line", async () => {
    await using server = await impostor();
    await using pinned = client(server.url, certificateFingerprint(certificate().cert));
    await expect(pinned.connect()).rejects.toMatchObject({ code: "TLS_PIN_MISMATCH" });
    await server.abandoned();
    expect(server.told).toEqual([]);
    expect(pinned.state.status).toBe("paused");
  });

  test("a pinned certificate: that server would have been told, had it been the pinned one", async () => {
    const own = certificate();
    const told: string[] = [];
    const server = createServer(own, (socket) => {
      socket.on("data", (bytes) => {
        told.push(String(bytes));
        socket.destroy();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    await using pinned = client(
      `wss://127.0.0.1:${(server.address() as { port: number }).port}`,
      certificateFingerprint(own.cert),
    );
    await expect(pinned.connect()).rejects.toMatchObject({ code: "UNREACHABLE" });
    expect(told.join("")).toMatch(/^GET \/ HTTP\/1\.1\r\n/);
    await new Promise((resolve) => server.close(resolve));
  });

  test("a pinned certificate: without a pin nobody vouches for it, and the client says what to pass", async () => {
    await using server = await impostor();
    await using plain = client(server.url);
    await expect(plain.connect()).rejects.toMatchObject({
      code: "TLS_UNTRUSTED",
      message: expect.stringContaining("tlsFingerprint"),
    });
    expect(server.told).toEqual([]);
  });

  test("a pinned certificate: a server that speaks no TLS is not spoken to", async () => {
    await using world = await startWorld();
    await using pinned = client(world.url.replace("ws:", "wss:"), certificateFingerprint(certificate().cert));
    await expect(pinned.connect()).rejects.toMatchObject({ code: "UNREACHABLE" });
  });

  test("a pinned certificate: giving up while TLS is set up leaves no socket behind", async () => {
    const { createServer: createTcp } = await import("node:net");
    let closed = (): void => {};
    const hungUp = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const mute = createTcp((socket) => {
      socket.on("error", () => {});
      socket.on("close", closed);
      socket.resume();
    });
    await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
    await using pinned = client(`wss://127.0.0.1:${(mute.address() as { port: number }).port}`, "ab".repeat(32));
    const abort = new AbortController();
    const connecting = pinned.connect({ signal: abort.signal });
    await new Promise<void>((resolve) => mute.once("connection", () => resolve()));
    abort.abort();
    await expect(connecting).rejects.toMatchObject({ code: "ABORTED" });
    await hungUp;
    await new Promise((resolve) => mute.close(resolve));
  });
});
