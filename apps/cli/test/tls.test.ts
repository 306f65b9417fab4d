import { describe, expect, test } from "vitest";
import { GatewayProcess } from "../../../tests/support/gateway.ts";
import { CANARY, Sandbox } from "../../../tests/support/sandbox.ts";

describe("tls", () => {
  test("[cli:tls] [R-55] cli: over TLS its own gateway's certificate is pinned by itself, and a wrong pin is refused", async () => {
    await using sandbox = await Sandbox.create();
    await using gateway = await GatewayProcess.start(sandbox, { words: ["--port", "0", "--tls"] });
    const tlsFingerprint = gateway.lines.find(({ msg }) => msg === "listening")?.["tlsFingerprint"];
    expect(tlsFingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(gateway.child.stderr).toContain(String(tlsFingerprint));
    expect(gateway.url).toMatch(/^wss:/);
    const there = ["--url", gateway.url];
    expect(await gateway.run(["health", ...there])).toMatchObject({ exit: 0 });
    expect(
      await gateway.run(["health", ...there, "--tls-fingerprint", String(tlsFingerprint).toUpperCase()]),
    ).toMatchObject({
      exit: 0,
    });
    const wrong = await gateway.run(["health", ...there, "--tls-fingerprint", "ab".repeat(32), "--json"]);
    expect(wrong.exit).toBe(4);
    expect(wrong.json()).toMatchObject({ error: { code: "TLS_PIN_MISMATCH" } });
    const files = await sandbox.list();
    expect(files).toContain("gateway/tls/gateway-key.pem 600");
  });

  test("[cli:tls] cli: set up for TLS, commands find their gateway and its certificate without a word", async () => {
    await using sandbox = await Sandbox.create();
    expect(await sandbox.run(["setup", "--yes", "--tls"])).toMatchObject({ exit: 0 });
    await using gateway = await GatewayProcess.start(sandbox);
    expect(await gateway.run(["health"])).toMatchObject({ exit: 0 });
  });

  test("[cli:tls] cli: a certificate that nobody vouches for is refused without a pin, before any secret is sent", async () => {
    await using sandbox = await Sandbox.create();
    await using elsewhere = await Sandbox.create();
    await using gateway = await GatewayProcess.start(sandbox, { words: ["--port", "0", "--tls"] });
    const there = ["--url", gateway.url, "--token", CANARY];
    const stranger = await elsewhere.run(["health", ...there, "--json"]);
    expect(stranger.exit).toBe(4);
    expect(stranger.json()).toMatchObject({ error: { code: "TLS_UNTRUSTED" } });
    const plain = await elsewhere.run(["health", "--url", gateway.url.replace("wss", "ws"), "--token", CANARY]);
    expect(plain.exit).toBe(3);
  });

  test("[cli:tls] gateway: TLS that can't be had is no reason to go without", async () => {
    await using sandbox = await Sandbox.create();
    await sandbox.write(
      "gateway/tls/gateway-cert.pem",
      "-----BEGIN CERTIFICATE-----\nnot one\n-----END CERTIFICATE-----\n",
    );
    const half = await sandbox.run(["gateway", "--port", "0", "--tls"]);
    expect(half.exit).toBe(78);
    expect(half.stderr).toContain("gateway-key.pem is missing");
    await sandbox.write("gateway/tls/gateway-key.pem", "no key");
    const bad = await sandbox.run(["gateway", "--port", "0", "--tls"]);
    expect(bad.exit).toBe(78);
    expect(bad.stderr).toContain("can't be used together");
  });
});
