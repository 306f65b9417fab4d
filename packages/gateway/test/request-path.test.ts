import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hasSecretInQuery, isCanonicalTarget } from "../src/address/request-path.ts";

describe("request path", () => {
  test.each(["/", "/healthz", "/a/b.css", "/metrics?x=1", "/%41"])("[R-23] request path: %s is plain", (target) => {
    expect(isCanonicalTarget(target)).toBe(true);
  });

  test.each([
    "",
    "*",
    "http://evil/",
    "//evil",
    "/a//b",
    "/./a",
    "/a/../b",
    "/a/..",
    "/%2e%2e/metrics",
    "/%2Fmetrics",
    "/metrics%2f",
    "/%252e/",
    "/a\\b",
    "/%5c",
    "/a%00",
    "/%zz",
    "/a b",
    "/ä",
    "/a#b",
    "/%0d%0a",
  ])("[R-23] request path: %j is refused", (target) => {
    expect(isCanonicalTarget(target)).toBe(false);
  });

  test.each(["/?token=x", "/?a=1&password=x", "/ws?TOKEN=x", "/?access_token=", "/?api-key=1", "/?%74oken=x"])(
    "[R-48] request path: %s carries a secret",
    (target) => {
      expect(hasSecretInQuery(target)).toBe(true);
    },
  );

  test("[R-48] request path: an ordinary query carries none", () => {
    expect(hasSecretInQuery("/?session=main&tokens=3")).toBe(false);
  });

  test("[gateway:fuzz-url] request path: what is taken for plain means the same after decoding and normalising", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.webPath(),
          fc.string().map((text) => `/${text}`),
          fc.array(fc.constantFrom("a", "..", "a..", "..a", ".", "%2e", "%61")).map((parts) => `/${parts.join("/")}`),
        ),
        (target) => {
          hasSecretInQuery(target);
          if (!isCanonicalTarget(target)) return;
          const path = target.split("?", 1)[0] ?? "";
          const decode = (text: string) =>
            Buffer.from(
              text.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
              "latin1",
            ).toString("latin1");
          // A segment that only ends in dots is a name like any other.
          expect(decode(path)).not.toMatch(/\/\/|\\|\/\.\.?(?:\/|$)/);
          expect(decode(new URL(path, "http://h").pathname)).toBe(decode(path));
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
