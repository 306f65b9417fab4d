import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isOriginAllowed, type OriginQuestion } from "../src/index.ts";

const ownPage: OriginQuestion = {
  origin: "http://127.0.0.1:18789",
  host: "127.0.0.1:18789",
  local: true,
  tls: false,
  allowedOrigins: [],
};

describe("origin", () => {
  test("[R-04] origin: a program, which sends none, may connect from anywhere", () => {
    expect(isOriginAllowed({ ...ownPage, origin: undefined, local: false })).toBe(true);
  });

  test("[R-04] origin: the gateway's own page on loopback may connect", () => {
    expect(isOriginAllowed(ownPage)).toBe(true);
    expect(isOriginAllowed({ ...ownPage, origin: "http://LOCALHOST:18789", host: "localhost:18789" })).toBe(true);
  });

  test.each([
    ["another port", { origin: "http://127.0.0.1:3000" }],
    ["another host", { origin: "http://evil.example" }],
    ["another loopback name than the Host", { origin: "http://localhost:18789" }],
    ["another scheme", { origin: "https://127.0.0.1:18789" }],
    ["the null origin of a sandbox or file", { origin: "null" }],
    ["an extension", { origin: "chrome-extension://abcdefgh" }],
    ["a Host that is rebound", { origin: "http://evil.example:18789", host: "evil.example:18789" }],
    ["its own page, but not on this machine", { local: false }],
    ["something with a path", { origin: "http://127.0.0.1:18789/page" }],
    ["an empty header", { origin: "" }],
  ] as const)("[R-04] origin: %s may not connect", (_what, change) => {
    expect(isOriginAllowed({ ...ownPage, ...change })).toBe(false);
  });

  test("[R-04] origin: a listed origin may connect from anywhere, exactly as listed and in no other way", () => {
    const question = { ...ownPage, local: false, host: "gw.example", allowedOrigins: ["https://ui.example"] };
    expect(isOriginAllowed({ ...question, origin: "https://ui.example" })).toBe(true);
    expect(isOriginAllowed({ ...question, origin: "https://ui.example:443" })).toBe(true);
    for (const origin of [
      "http://ui.example",
      "https://ui.example.evil",
      "https://evil.example",
      "https://ui.example:8443",
      "https://a.ui.example",
    ]) {
      expect(isOriginAllowed({ ...question, origin })).toBe(false);
    }
    expect(isOriginAllowed({ ...question, origin: "null" })).toBe(false);
  });

  test("[gateway:fuzz-origin] origin: no text but the own origin gets in, and none makes the decision throw", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.webUrl(),
          fc.constantFrom("null", "http://127.0.0.1:18789@evil", "http://127.0.0.1:18789#"),
        ),
        (origin) => {
          if (isOriginAllowed({ ...ownPage, origin })) expect(new URL(origin).origin).toBe("http://127.0.0.1:18789");
        },
      ),
    );
  });
});
