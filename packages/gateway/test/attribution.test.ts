import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  attribute,
  hostName,
  normalizeIp,
  parseAddressSet,
  type RequestOrigin,
  type Surroundings,
} from "../src/index.ts";

const alone: Surroundings = { trustedProxies: parseAddressSet([]), isOwnTailnetAddress: () => false };
const behindProxy: Surroundings = {
  trustedProxies: parseAddressSet(["127.0.0.1", "10.0.0.0/8"]),
  isOwnTailnetAddress: () => false,
};

function ask(peerAddress: string, headers: RequestOrigin["headers"], surroundings = alone, localAddress = peerAddress) {
  return attribute({ peerAddress, localAddress, headers }, surroundings);
}

describe("attribution", () => {
  test.each([
    ["127.0.0.1", "localhost", true],
    ["127.0.0.1", "localhost:18789", true],
    ["127.0.0.1", "127.0.0.1:18789", true],
    ["127.0.0.1", "127.8.9.10", true],
    ["::1", "[::1]:18789", true],
    ["::ffff:127.0.0.1", "LOCALHOST", true],
    ["127.0.0.1", "gateway.example", false],
    ["127.0.0.1", "localhost.evil.example", false],
    ["127.0.0.1", "127.0.0.1.evil.example", false],
    ["127.0.0.1", "user@localhost", false],
    ["127.0.0.1", "localhost/", false],
    ["192.168.1.5", "localhost", false],
    ["10.0.0.7", "127.0.0.1", false],
  ])("[R-02] attribution: peer %s with Host %s is local: %s", (peer, host, local) => {
    expect(ask(peer, { host }).local).toBe(local);
  });

  test("[R-02] attribution: no DNS suffix is ever local, a tailnet name least of all", () => {
    expect(ask("127.0.0.1", { host: "box.tail1234.ts.net" }).local).toBe(false);
  });

  test("[R-02] attribution: a request without a Host header is not local", () => {
    expect(ask("127.0.0.1", {}).local).toBe(false);
  });

  test.each(["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "forwarded"])(
    "[R-03] attribution: %s alone makes a loopback peer remote, trusted proxy or not",
    (name) => {
      for (const surroundings of [alone, behindProxy]) {
        expect(ask("127.0.0.1", { host: "localhost", [name]: "127.0.0.1" }, surroundings).local).toBe(false);
      }
    },
  );

  test("[R-03] attribution: a chain is read from the right, past trusted proxies", () => {
    const { clientIp } = ask(
      "127.0.0.1",
      { host: "x", "x-forwarded-for": "127.0.0.1, 203.0.113.9, 10.1.2.3" },
      behindProxy,
    );
    expect(clientIp).toBe("203.0.113.9");
  });

  test.each(["", "unknown", "203.0.113.9, evil", "10.0.0.1, 127.0.0.1", ",", "203.0.113.9,", "1.2.3.4:99999x"])(
    "[R-03] attribution: the chain %j of a trusted proxy names nobody, and such a request is refused",
    (chain) => {
      expect(ask("127.0.0.1", { host: "x", "x-forwarded-for": chain }, behindProxy)).toMatchObject({
        clientIp: undefined,
        unattributable: true,
        local: false,
      });
    },
  );

  test("[R-03] attribution: headers of a proxy that is not trusted name nobody, but only make the peer remote", () => {
    expect(ask("198.51.100.7", { host: "x", "x-forwarded-for": "127.0.0.1" })).toMatchObject({
      clientIp: undefined,
      unattributable: false,
      local: false,
      reportedIp: undefined,
    });
  });

  test("[gateway:tailnet-local] attribution: this host's own tailnet address is local only when it was reached from itself, by that name", () => {
    const own = {
      trustedProxies: parseAddressSet([]),
      isOwnTailnetAddress: (address: string) => address === "100.101.1.1",
    };
    expect(ask("100.101.1.1", { host: "100.101.1.1:18789" }, own).local).toBe(true);
    expect(ask("100.101.1.1", { host: "box.ts.net" }, own).local).toBe(false);
    expect(ask("100.101.1.2", { host: "100.101.1.1" }, own, "100.101.1.1").local).toBe(false);
    expect(ask("100.101.1.1", { host: "100.101.1.1", "x-real-ip": "100.101.1.1" }, own).local).toBe(false);
  });

  test("[R-06] attribution: an IPv4-mapped address counts as the IPv4 address, and an IPv6 guesser by his /64", () => {
    expect(ask("::ffff:203.0.113.9", { host: "x" }).bucket).toBe(ask("203.0.113.9", { host: "x" }).bucket);
    expect(ask("::ffff:cb00:7109", { host: "x" }).bucket).toBe("203.0.113.9");
    expect(ask("2001:db8:1:2:3:4:5:6", { host: "x" }).bucket).toBe(ask("2001:db8:1:2::9", { host: "x" }).bucket);
    expect(ask("2001:db8:1:3::9", { host: "x" }).bucket).not.toBe(ask("2001:db8:1:2::9", { host: "x" }).bucket);
  });

  test("[gateway:fuzz-headers] attribution: whatever a remote peer sends as Host and Forwarded, it is not local and nothing throws", () => {
    const header = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.constantFrom("localhost", "127.0.0.1", "[::1]", "::1", "127.0.0.1, 127.0.0.1"),
    );
    const headers = fc.record(
      { host: header, "x-forwarded-for": header, "x-real-ip": header, forwarded: header, "x-forwarded-host": header },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.ipV4().filter((ip) => !ip.startsWith("127.")),
        headers,
        (peer, sent) => {
          for (const surroundings of [alone, behindProxy]) expect(ask(peer, sent, surroundings).local).toBe(false);
        },
      ),
    );
  });

  test("[gateway:fuzz-headers] attribution: a loopback peer is local only under a loopback Host and without any forwarding header", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.domain(), fc.constantFrom("localhost", "127.0.0.1:1", "[::1]")),
        fc.option(fc.string()),
        (host, forwarded) => {
          const { local } = ask("127.0.0.1", { host, ...(forwarded !== null && { forwarded }) });
          if (local) {
            expect(forwarded).toBe(null);
            expect(host).toMatch(/^(localhost|127\.[\d.]+|\[::1\])(:\d+)?$/i);
          }
        },
      ),
    );
  });

  test("[gateway:fuzz-headers] attribution: reading a Host header or an address never throws", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.ipV6(), fc.ipV4()), (text) => {
        hostName(text);
        const address = normalizeIp(text);
        if (address !== undefined) expect(normalizeIp(address)).toBe(address);
      }),
    );
  });
});
