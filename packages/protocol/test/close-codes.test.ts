import fc from "fast-check";
import { expect, test } from "vitest";
import { CLOSE_CODES, truncateCloseReason } from "../src/index.ts";

const bytes = (text: string) => new TextEncoder().encode(text).length;

test("[protocol:close-reason] close codes: a reason never grows beyond its bytes and never ends inside a character", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), fc.nat({ max: 130 }), (reason, maxBytes) => {
      const cut = truncateCloseReason(reason, maxBytes);
      expect(bytes(cut)).toBeLessThanOrEqual(maxBytes);
      expect(reason.startsWith(cut)).toBe(true);
      expect(Array.from(reason).slice(0, Array.from(cut).length).join("")).toBe(cut);
      if (bytes(reason) <= maxBytes) expect(cut).toBe(reason);
      else expect(bytes(cut + (Array.from(reason)[Array.from(cut).length] ?? ""))).toBeGreaterThan(maxBytes);
    }),
  );
});

test("[protocol:close-reason] close codes: a character of four bytes is kept whole or left out", () => {
  expect(truncateCloseReason("ab🦀", 5)).toBe("ab");
  expect(truncateCloseReason("ab🦀", 6)).toBe("ab🦀");
});

test("[protocol:close-codes] close codes: the table is what clients were told", () => {
  expect(
    Object.entries(CLOSE_CODES).map(([name, { code, reason, sentBy, mayReconnect }]) =>
      [name, code, reason, sentBy, mayReconnect].join(" | "),
    ),
  ).toEqual([
    "Normal | 1000 |  | either | yes",
    "ProtocolMismatch | 1002 | protocol mismatch | gateway | no",
    "Policy | 1008 | (the error message) | gateway | no",
    "PairingRequired | 1008 | pairing required… | gateway | after-approval",
    "SlowConsumer | 1008 | slow consumer | gateway | yes",
    "CredentialsChanged | 1008 | credentials changed | gateway | yes",
    "ConnectFailed | 1008 | connect failed | client | no",
    "TooLarge | 1009 | (from the library) | either | yes",
    "ServiceRestart | 1012 | service restart | gateway | yes",
    "TryAgainLater | 1013 | gateway starting | gateway | yes",
    "TickTimeout | 4000 | tick timeout | either | yes",
    "ConnectFailedBrowser | 4008 | connect failed | client | no",
  ]);
});
