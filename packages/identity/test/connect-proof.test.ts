import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type ConnectFields,
  type ConnectPayloadVersion,
  connectPayload,
  decodeBase64Url,
  deviceIdentityOf,
  portableEngine,
  signConnect,
  verifyConnectProof,
} from "../src/index.ts";
import { nativeEngine } from "../src/node/index.ts";

interface Vectors {
  seed: string;
  publicKey: string;
  deviceId: string;
  nonce: string;
  signedAtMs: number;
  vectors: {
    name: string;
    version: ConnectPayloadVersion;
    fields: ConnectFields;
    payload: string;
    signature: string;
  }[];
}
const golden: Vectors = JSON.parse(readFileSync(new URL("vectors/connect.json", import.meta.url), "utf8"));
const seed = Uint8Array.from(Buffer.from(golden.seed, "hex"));
const identity = deviceIdentityOf(nativeEngine, seed);

describe.each([
  ["native", nativeEngine],
  ["portable", portableEngine],
] as const)("with the %s engine", (_, engine) => {
  test.each(golden.vectors)("[identity:connect-vectors] connect proof: $name", async (vector) => {
    const nonce = vector.version === "v1" ? undefined : golden.nonce;
    const own = await deviceIdentityOf(engine, seed);
    const device = await signConnect(engine, own, {
      ...vector.fields,
      version: vector.version,
      signedAtMs: golden.signedAtMs,
      nonce,
    });
    const text = connectPayload({ ...vector.fields, ...golden, version: vector.version });
    expect(text).toBe(vector.payload);
    expect(device).toEqual({
      id: golden.deviceId,
      publicKey: golden.publicKey,
      signature: vector.signature,
      signedAt: golden.signedAtMs,
      ...(nonce === undefined ? {} : { nonce }),
    });
  });
});

test.each(golden.vectors)(
  "[identity:connect-vectors] connect proof: a server accepts $name",
  ({ fields, version, signature }) => {
    const proof = verifyConnectProof(nativeEngine, {
      device: {
        id: golden.deviceId,
        publicKey: golden.publicKey,
        signature,
        signedAt: golden.signedAtMs,
        nonce: version === "v1" ? undefined : golden.nonce,
      },
      fields,
      challengeNonce: golden.nonce,
      nowMs: golden.signedAtMs,
      allowNoNonce: version === "v1",
    });
    expect(proof).toEqual({
      ok: true,
      deviceId: golden.deviceId,
      publicKey: golden.publicKey,
      payloadVersion: version,
    });
  },
);

test("connect payload: only A-Z is lowered, and only the ends are trimmed", () => {
  const text = connectPayload({
    version: "v3",
    deviceId: "d",
    clientId: "c",
    clientMode: "m",
    role: "node",
    scopes: ["b", "a"],
    signedAtMs: 7,
    nonce: "n",
    platform: " macOS 15.1 İÄ ",
    deviceFamily: undefined,
  });
  expect(text).toBe("v3|d|c|m|node|b,a|7||n|macos 15.1 İÄ|");
});

test("connect payload: v3 signs a bootstrap token where there is no token, v2 doesn't", () => {
  const base = { deviceId: "d", clientId: "c", clientMode: "m", role: "node", scopes: [], signedAtMs: 7, nonce: "n" };
  expect(connectPayload({ ...base, version: "v3", bootstrapToken: "b" })).toBe("v3|d|c|m|node||7|b|n||");
  expect(connectPayload({ ...base, version: "v3", bootstrapToken: "b", token: "t" })).toBe("v3|d|c|m|node||7|t|n||");
  expect(connectPayload({ ...base, version: "v2", bootstrapToken: "b" })).toBe("v2|d|c|m|node||7||n");
});

const fields: ConnectFields = {
  clientId: "cli",
  clientMode: "cli",
  role: "operator",
  scopes: ["operator.read"],
  token: "t1",
  platform: "Linux",
  deviceFamily: "Server",
};
const nowMs = 1_800_000_000_000;
const challengeNonce = "nonce-of-this-socket";

async function presented(
  change: { signedAtMs?: number; nonce?: string | undefined; version?: ConnectPayloadVersion } = {},
) {
  const nonce = "nonce" in change ? change.nonce : challengeNonce;
  return signConnect(nativeEngine, identity, { ...fields, signedAtMs: nowMs, ...change, nonce });
}
const check = (device: Awaited<ReturnType<typeof presented>>, change: object = {}) =>
  verifyConnectProof(nativeEngine, { device, fields, challengeNonce, nowMs, allowNoNonce: false, ...change });
const refusal = (reason: string) => ({ ok: false, reason });

test("[identity:signature-age] connect proof: ten minutes either way, and not a millisecond more", async () => {
  for (const signedAtMs of [nowMs - 600_000, nowMs, nowMs + 600_000]) {
    expect(check(await presented({ signedAtMs })).ok).toBe(true);
  }
  for (const signedAtMs of [nowMs - 600_001, nowMs + 600_001, 0, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(check(await presented({ signedAtMs }))).toEqual(refusal("signature-expired"));
  }
});

test("[identity:nonce] connect proof: a nonce is needed, and it is this socket's", async () => {
  const without = await presented({ nonce: undefined });
  expect(check(without)).toEqual(refusal("nonce-required"));
  expect(check({ ...without, nonce: " " })).toEqual(refusal("nonce-required"));
  expect(check(await presented({ nonce: "of another socket" }))).toEqual(refusal("nonce-mismatch"));
  expect(check(await presented({ nonce: "of another socket" }), { allowNoNonce: true })).toEqual(
    refusal("nonce-mismatch"),
  );
  expect(check(without, { allowNoNonce: true })).toMatchObject({ ok: true, payloadVersion: "v1" });
});

test("[identity:nonce] connect proof: a signature without nonce doesn't count once a nonce is presented", async () => {
  const v1 = await presented({ nonce: undefined });
  expect(check({ ...v1, nonce: challengeNonce }, { allowNoNonce: true })).toEqual(refusal("signature-invalid"));
});

test("[identity:signature-covers] connect proof: no signed field can be changed afterwards", async () => {
  const device = await presented({ version: "v3" });
  expect(check(device)).toMatchObject({ ok: true, payloadVersion: "v3" });
  const changes: Partial<ConnectFields>[] = [
    { clientId: "gateway-client" },
    { clientMode: "backend" },
    { role: "node" },
    { scopes: ["operator.admin"] },
    { scopes: [] },
    { token: "t2" },
    { token: undefined },
    { platform: "darwin" },
    { deviceFamily: undefined },
  ];
  for (const change of changes) {
    expect(check(device, { fields: { ...fields, ...change } })).toEqual(refusal("signature-invalid"));
  }
  expect(check({ ...device, signedAt: nowMs - 1 })).toEqual(refusal("signature-invalid"));
});

test("connect proof: v2 doesn't sign platform and family, so they may differ there", async () => {
  const device = await presented({ version: "v2" });
  expect(check(device, { fields: { ...fields, platform: "other" } })).toMatchObject({ ok: true, payloadVersion: "v2" });
});

test("[identity:device-id] connect proof: the id is the key's", async () => {
  const device = await presented();
  expect(check({ ...device, id: "0".repeat(64) })).toEqual(refusal("device-id-mismatch"));
  expect(check({ ...device, id: device.id.toUpperCase() })).toEqual(refusal("device-id-mismatch"));
  expect(check({ ...device, publicKey: "not a key" })).toEqual(refusal("device-id-mismatch"));
});

test("connect proof: a key that matches its id but is no acceptable point is named as such", async () => {
  const device = await presented();
  const neutral = Uint8Array.from({ length: 32 }, (_, at) => (at === 0 ? 1 : 0));
  const id = Buffer.from(nativeEngine.sha256(neutral)).toString("hex");
  const publicKey = Buffer.from(neutral).toString("base64url");
  expect(check({ ...device, id, publicKey })).toEqual(refusal("public-key-invalid"));
});

test("connect proof: earlier checks answer before later ones", async () => {
  const broken = { ...(await presented({ signedAtMs: 0, nonce: "x" })), signature: "!" };
  expect(check({ ...broken, id: "x" })).toEqual(refusal("device-id-mismatch"));
  expect(check(broken)).toEqual(refusal("signature-expired"));
  expect(check({ ...broken, signedAt: nowMs })).toEqual(refusal("nonce-mismatch"));
  expect(check({ ...broken, signedAt: nowMs, nonce: challengeNonce })).toEqual(refusal("signature-invalid"));
});

test("connect proof: standard base64 and PEM are as good as base64url", async () => {
  const device = await presented();
  const standard = (text: string) => Buffer.from(decodeBase64Url(text)!).toString("base64");
  const spelled = { ...device, publicKey: standard(device.publicKey), signature: standard(device.signature) };
  expect(check(spelled)).toMatchObject({ ok: true, publicKey: device.publicKey });
});

test("connect proof: nothing that a stranger presents makes it throw or accepts it", () => {
  const device = fc.record(
    {
      id: fc.string(),
      publicKey: fc.string({ unit: "binary" }),
      signature: fc.string(),
      signedAt: fc.double(),
      nonce: fc.string(),
    },
    { requiredKeys: ["id", "publicKey", "signature", "signedAt"] },
  );
  fc.assert(
    fc.property(device, fc.boolean(), (value, allowNoNonce) => {
      expect(check(value as Awaited<ReturnType<typeof presented>>, { allowNoNonce }).ok).toBe(false);
    }),
  );
});
