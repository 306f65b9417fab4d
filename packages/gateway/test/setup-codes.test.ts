import { decodeSetupCode } from "@saltgate/identity";
import type { ResultOf } from "@saltgate/protocol";
import { expect, test } from "vitest";
import { reachOf } from "../src/index.ts";
import { joinOperator, SYSTEM_COMMANDS } from "./support/nodes.ts";
import { type ConnectChoice, errorOf, newDevice, startWorld, type Wire, type World } from "./support/world.ts";

/** Seen from another machine: what comes through a proxy is never local. */
const ELSEWHERE = { "x-forwarded-for": "203.0.113.9" };

type Code = ResultOf<"device.pair.setupCode">;

async function makeCode(operator: Wire, params: object = { bootstrapProfile: "node" }): Promise<Code> {
  const { ok, payload, error } = await operator.request("device.pair.setupCode", params);
  if (!ok) throw new Error(JSON.stringify(error));
  return payload as Code;
}

const tokenIn = (code: Code): string => decodeSetupCode(code.setupCode)?.bootstrapToken ?? "";

const join = (world: World, bootstrapToken: string, choice: ConnectChoice = {}) =>
  world.dial(ELSEWHERE).connect({
    role: "node",
    auth: { bootstrapToken },
    commands: SYSTEM_COMMANDS,
    client: { id: "node-host", mode: "node", platform: "linux", displayName: "attic" },
    ...choice,
  });

const world = () => startWorld({ auth: { trustedProxies: ["127.0.0.1"] } });

test("[setup-codes:join] [R-28] setup codes: one lets one new node in from anywhere, with the commands that it names, and is over then", async () => {
  await using here = await world();
  const operator = await joinOperator(here);
  const code = await makeCode(operator);
  const device = await newDevice();
  const hello = await join(here, tokenIn(code), { device });
  expect(hello).toMatchObject({ ok: true, payload: { auth: { role: "node", deviceToken: expect.any(String) } } });
  const { payload } = await operator.request("node.describe", { nodeId: device.deviceId });
  expect(payload).toMatchObject({ connected: true, commands: [...SYSTEM_COMMANDS].sort() });
  const status = await operator.request("device.pair.setupStatus", { setupId: code.setupId });
  expect(status.payload).toMatchObject({
    completion: { deviceId: device.deviceId, deviceName: "attic", access: "node" },
  });
  const again = await join(here, tokenIn(code), { device: await newDevice() });
  expect(errorOf(again).detail).toBe("AUTH_BOOTSTRAP_TOKEN_INVALID");
  expect(await here.pendingIds()).toEqual([]);
});

test("[setup-codes:bound] [R-28] setup codes: of two devices that come with one at once, one gets in", async () => {
  await using here = await world();
  const token = tokenIn(await makeCode(await joinOperator(here)));
  const answers = await Promise.all(
    Array.from({ length: 5 }, async () => join(here, token, { device: await newDevice() })),
  );
  expect(answers.filter(({ ok }) => ok).length).toBe(1);
});

test("[setup-codes:bound] [R-28] setup codes: another role, more scopes, no proof of a key, or another word get nowhere and leave nothing behind", async () => {
  await using here = await world();
  const operator = await joinOperator(here);
  const node = tokenIn(await makeCode(operator));
  const limited = tokenIn(await makeCode(operator, {}));
  const refused = async (choice: ConnectChoice, token: string): Promise<unknown> =>
    errorOf(await join(here, token, { device: await newDevice(), ...choice })).detail;
  expect(await refused({ role: "operator", scopes: ["operator.read"] }, node)).toBe("AUTH_BOOTSTRAP_TOKEN_INVALID");
  expect(await refused({}, limited)).toBe("AUTH_BOOTSTRAP_TOKEN_INVALID");
  expect(await refused({ role: "operator", scopes: ["operator.admin"] }, limited)).toBe("AUTH_BOOTSTRAP_TOKEN_INVALID");
  expect(await refused({}, `${node.slice(0, -1)}~`)).toBe("AUTH_BOOTSTRAP_TOKEN_INVALID");
  const tamper = (device: Record<string, unknown>) => ({ ...device, signature: "A".repeat(86) });
  expect(await refused({ tamper }, node)).toBe("DEVICE_AUTH_SIGNATURE_INVALID");
  expect((await here.pairing.list()).paired.length).toBe(1);
  // The code itself is as good as before.
  expect(await join(here, node, { device: await newDevice() })).toMatchObject({ ok: true });
});

test("[setup-codes:limited] setup codes: one for an operator gives what it says, never admin", async () => {
  await using here = await world();
  const token = tokenIn(await makeCode(await joinOperator(here), {}));
  const hello = await join(here, token, { role: "operator", device: await newDevice() });
  expect(hello).toMatchObject({
    ok: true,
    payload: { auth: { role: "operator", scopes: ["operator.read", "operator.write"] } },
  });
});

test("[setup-codes:end] [R-28] setup codes: after ten minutes one is over", async () => {
  let ahead = 0;
  await using here = await startWorld({
    auth: { trustedProxies: ["127.0.0.1"] },
    now: () => Date.now() + ahead,
  });
  const code = await makeCode(await joinOperator(here));
  expect((code.expiresAtMs ?? 0) - Date.now()).toBeLessThanOrEqual(600_000);
  ahead = 600_001;
  const late = await join(here, tokenIn(code), { device: await newDevice(), signedAtMs: Date.now() + ahead });
  expect(errorOf(late).detail).toBe("AUTH_BOOTSTRAP_TOKEN_INVALID");
});

test("[setup-codes:guessing] [R-06] setup codes: guessing one is locked after a while, and locks nothing else", async () => {
  await using here = await startWorld({
    auth: { trustedProxies: ["127.0.0.1"], rateLimit: { maxFailures: 3, windowMs: 60_000, lockoutMs: 300_000 } },
  });
  const operator = await joinOperator(here);
  const details: unknown[] = [];
  for (let at = 0; at < 4; at += 1)
    details.push(errorOf(await join(here, `guess-${at}`.padEnd(43, "x"), { device: await newDevice() })).detail);
  expect(details.at(-1)).toBe("AUTH_RATE_LIMITED");
  const locked = await join(here, tokenIn(await makeCode(operator)), { device: await newDevice() });
  expect(errorOf(locked).detail).toBe("AUTH_RATE_LIMITED");
});

test("[setup-codes:owner] [R-28] setup codes: only an admin makes one, and it never holds the gateway's own secret", async () => {
  await using here = await world();
  const reader = await joinOperator(here, ["operator.pairing", "operator.write"]);
  expect(errorOf(await reader.request("device.pair.setupCode", {})).detail).toBe("MISSING_SCOPE");
  const code = await makeCode(await joinOperator(here));
  expect(decodeSetupCode(code.setupCode)).toEqual({
    url: here.url,
    bootstrapToken: expect.stringMatching(/^[\w-]{43}$/),
  });
});

test("[setup-codes:address] setup codes: one leads where its maker says, if that is a gateway's address", async () => {
  await using here = await world();
  const operator = await joinOperator(here);
  const code = await makeCode(operator, { bootstrapProfile: "node", publicUrl: "wss://attic.example/" });
  expect(decodeSetupCode(code.setupCode)?.url).toBe("wss://attic.example");
  for (const publicUrl of [
    "https://a.example",
    "wss://u:p@a.example",
    "wss://a.example?token=x",
    "wss://a#b",
    "nonsense",
  ])
    expect(errorOf(await operator.request("device.pair.setupCode", { publicUrl })).detail).toBe("INVALID_PARAMS");
});

test.each([
  [["127.0.0.1", "::1"], ["192.168.1.5"], "ws://127.0.0.1:18789", "this machine only"],
  [["0.0.0.0", "::1"], ["fe80::1%eth0", "fd00::1", "192.168.1.5"], "ws://192.168.1.5:18789", "network address"],
  [["0.0.0.0"], ["192.168.1.5", "100.101.102.103"], "ws://100.101.102.103:18789", "tailnet address"],
  [["fd00::1"], ["fd00::1"], "ws://[fd00::1]:18789", "network address"],
  [["0.0.0.0"], [], "ws://127.0.0.1:18789", "this machine only"],
])(
  "[setup-codes:address] setup codes: a gateway on %j of %j is reached at %s",
  (addresses, ownAddresses, url, source) => {
    expect(reachOf({ addresses, ownAddresses, port: 18_789, tls: false })).toEqual({ url, source });
  },
);
