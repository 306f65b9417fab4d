import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkGatewayUrl, normalizeFingerprint } from "../src/gateway-url.ts";

const PIN = "ab".repeat(32);

describe("addresses", () => {
  test.each([
    ["ws://127.0.0.1:18789", "loopback", "ws://127.0.0.1:18789"],
    ["ws://127.9.9.9", "loopback", "ws://127.9.9.9:80"],
    ["ws://localhost:18789/", "loopback", "ws://localhost:18789"],
    ["ws://LOCALHOST.:1", "loopback", "ws://localhost.:1"],
    ["ws://[::1]:18789", "loopback", "ws://[::1]:18789"],
    ["ws://[::ffff:127.0.0.1]:1", "loopback", "ws://[::ffff:7f00:1]:1"],
    ["ws://0x7f.1:1", "loopback", "ws://127.0.0.1:1"],
    ["ws://10.1.2.3:18789", "private", "ws://10.1.2.3:18789"],
    ["ws://172.16.0.1:1", "private", "ws://172.16.0.1:1"],
    ["ws://172.31.255.1:1", "private", "ws://172.31.255.1:1"],
    ["ws://192.168.1.20:18789", "private", "ws://192.168.1.20:18789"],
    ["ws://169.254.3.4:1", "private", "ws://169.254.3.4:1"],
    ["ws://100.64.0.1:1", "private", "ws://100.64.0.1:1"],
    ["ws://100.127.255.254:1", "private", "ws://100.127.255.254:1"],
    ["ws://[fe80::1]:1", "private", "ws://[fe80::1]:1"],
    ["ws://[fd7a:115c:a1e0::1]:1", "private", "ws://[fd7a:115c:a1e0::1]:1"],
    ["ws://[::ffff:10.0.0.1]:1", "private", "ws://[::ffff:a00:1]:1"],
    ["ws://harbor.local:18789", "private", "ws://harbor.local:18789"],
    ["ws://harbor.tail1234.ts.net", "private", "ws://harbor.tail1234.ts.net:80"],
    ["http://127.0.0.1:18789", "loopback", "ws://127.0.0.1:18789"],
    ["https://gw.example.net", "public", "wss://gw.example.net:443"],
    ["wss://gw.example.net/some/path", "public", "wss://gw.example.net:443"],
  ])("[R-09] addresses: %s is %s, and its tokens belong to %s", (url, reach, origin) => {
    expect(checkGatewayUrl({ url })).toMatchObject({ ok: true, address: { reach, origin } });
  });

  test.each([
    "ws://192.0.2.1",
    "ws://8.8.8.8:18789",
    "ws://172.15.0.1:1",
    "ws://172.32.0.1:1",
    "ws://100.63.255.255:1",
    "ws://100.128.0.1:1",
    "ws://0.0.0.0:1",
    "ws://[2001:db8::1]:1",
    "ws://[::]:1",
    "ws://[::ffff:8.8.8.8]:1",
    "ws://gw.example.net",
    "http://gw.example.net",
    "ws://127.0.0.1.example.net",
    "ws://localhost.example.net",
    "ws://10.0.0.1.nip.io",
    "ws://evil-ts.net",
    "ws://local",
  ])("[R-09] addresses: %s is refused in plain text, unless the glass is broken", (url) => {
    expect(checkGatewayUrl({ url })).toMatchObject({ ok: false, problem: { code: "INSECURE_URL" } });
    expect(checkGatewayUrl({ url, allowInsecure: true })).toMatchObject({ ok: true });
    expect(checkGatewayUrl({ url: url.replace(/^(ws|http):/, "wss:") })).toMatchObject({ ok: true });
  });

  test.each([
    "",
    "gateway",
    "127.0.0.1:18789",
    "ftp://127.0.0.1",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "ws://user@127.0.0.1",
    "ws://user:secret@127.0.0.1",
    "ws://127.0.0.1/?token=secret",
    "ws://127.0.0.1/?",
    "ws://127.0.0.1/#token=secret",
    "ws://127.0.0.1/#",
  ])("addresses: %j is no gateway's address, and the refusal doesn't repeat it", (url) => {
    const checked = checkGatewayUrl({ url });
    expect(checked).toMatchObject({ ok: false, problem: { code: "INVALID_URL" } });
    if (!checked.ok) expect(checked.problem.message).not.toContain("secret");
  });

  test("addresses: a pin needs TLS, and 64 hex digits", () => {
    expect(checkGatewayUrl({ url: "ws://127.0.0.1", tlsFingerprint: PIN })).toMatchObject({
      problem: { code: "TLS_PIN_NEEDS_WSS" },
    });
    expect(checkGatewayUrl({ url: "wss://gw.example.net", tlsFingerprint: "" })).toMatchObject({
      problem: { code: "INVALID_OPTION" },
    });
    expect(checkGatewayUrl({ url: "wss://gw.example.net", tlsFingerprint: PIN })).toMatchObject({
      address: { tlsFingerprint: PIN },
    });
  });

  test("addresses: a fingerprint is read in its usual spellings, and only whole", () => {
    const colons = PIN.toUpperCase().match(/../g)?.join(":") ?? "";
    for (const text of [PIN, colons, `sha256:${PIN}`, `SHA256 ${colons}`, `sha-256:${PIN}`, ` ${PIN} `])
      expect(normalizeFingerprint(text)).toBe(PIN);
    for (const text of ["", "sha256:", PIN.slice(1), `${PIN}0`, PIN.replace("a", "g")])
      expect(normalizeFingerprint(text)).toBeUndefined();
  });

  test("addresses: every IPv4 address is judged as its ranges say", () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const value = address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
        const within = (base: number, bits: number): boolean =>
          Math.floor(value / 2 ** (32 - bits)) === Math.floor(base / 2 ** (32 - bits));
        const isPrivate =
          within(0x0a000000, 8) ||
          within(0xac100000, 12) ||
          within(0xc0a80000, 16) ||
          within(0xa9fe0000, 16) ||
          within(0x64400000, 10);
        const checked = checkGatewayUrl({ url: `wss://${address}` });
        expect(checked.ok && checked.address.reach).toBe(
          within(0x7f000000, 8) ? "loopback" : isPrivate ? "private" : "public",
        );
      }),
    );
  });

  test("addresses: no input makes the decision throw, and plain text never goes to a public one", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.webUrl(),
          fc.ipV6().map((ip) => `ws://[${ip}]`),
          fc.domain().map((name) => `ws://${name}`),
        ),
        (url) => {
          const checked = checkGatewayUrl({ url });
          if (checked.ok) expect(checked.address.isTls || checked.address.reach !== "public").toBe(true);
        },
      ),
    );
  });
});
