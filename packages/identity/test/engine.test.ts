import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { portableEngine } from "../src/index.ts";
import { createNativeEngine } from "../src/node/index.ts";
import { derived } from "./vectors/derive-ed25519-hostile.ts";

const read = (name: string) => JSON.parse(readFileSync(new URL(`vectors/${name}.json`, import.meta.url), "utf8"));
const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));
const hex = (value: Uint8Array) => Buffer.from(value).toString("hex");

const rfc8032: { name: string; seed: string; publicKey: string; message: string; signature: string }[] =
  read("ed25519-rfc8032").vectors;
const hostile: { name: string; publicKey: string; message: string; signature: string; valid: boolean }[] =
  read("ed25519-hostile").cases;

test("hostile vectors: the file is what its derivation writes", () => {
  expect(readFileSync(new URL("vectors/ed25519-hostile.json", import.meta.url), "utf8")).toBe(derived);
});

const engines = [
  ["native", createNativeEngine()],
  ["portable", portableEngine],
] as const;

describe.each(engines)("the %s engine", (_, engine) => {
  test.each(rfc8032)("[identity:ed25519-rfc8032] engine: RFC 8032 $name", async (vector) => {
    expect(hex(await engine.publicKeyOf(bytes(vector.seed)))).toBe(vector.publicKey);
    expect(hex(await engine.sign(bytes(vector.message), bytes(vector.seed)))).toBe(vector.signature);
    expect(await engine.verify(bytes(vector.signature), bytes(vector.message), bytes(vector.publicKey))).toBe(true);
  });

  test("[identity:ed25519-strict] engine: every hostile vector gets its one right answer", async () => {
    const wrong: string[] = [];
    for (const { name, publicKey, message, signature, valid } of hostile) {
      const answer = await engine.verify(bytes(signature), bytes(message), bytes(publicKey));
      if (answer !== valid) wrong.push(`${name}: ${answer}`);
    }
    expect(wrong).toEqual([]);
    expect(hostile.length).toBe(139);
    expect(hostile.filter(({ valid }) => valid).length).toBe(9);
  });

  test("engine: SHA-256 of abc is the published one", async () => {
    expect(hex(await engine.sha256(new TextEncoder().encode("abc")))).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
  });

  test("engine: a seed of another length is refused by name", async () => {
    await expect(async () => engine.publicKeyOf(new Uint8Array(31))).rejects.toThrow(TypeError);
    await expect(async () => engine.sign(new Uint8Array(1), new Uint8Array(64))).rejects.toThrow("this one has 64");
  });

  test("engine: random bytes have the asked length and differ", () => {
    expect(engine.randomBytes(32).length).toBe(32);
    expect(hex(engine.randomBytes(32))).not.toBe(hex(engine.randomBytes(32)));
  });
});

const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 });
const [[, native], [, portable]] = engines;

test("[identity:engines-agree] engines: they make the same keys and the same signatures", async () => {
  await fc.assert(
    fc.asyncProperty(seeds, fc.uint8Array({ maxLength: 3000 }), async (seed, message) => {
      expect(hex(await portable.publicKeyOf(seed))).toBe(hex(native.publicKeyOf(seed)));
      expect(hex(await portable.sign(message, seed))).toBe(hex(native.sign(message, seed)));
    }),
    { numRuns: 50 },
  );
});

test("[identity:engines-agree] engines: they give one answer to mutated and to random signatures", async () => {
  const input = fc.record({
    seed: seeds,
    message: fc.uint8Array({ maxLength: 200 }),
    flips: fc.array(fc.nat(64 * 8 + 32 * 8 - 1), { maxLength: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(input, async ({ seed, message, flips }) => {
      const both = Buffer.concat([native.sign(message, seed), native.publicKeyOf(seed)]);
      for (const bit of flips) both[bit >> 3]! ^= 1 << (bit & 7);
      const [signature, key] = [new Uint8Array(both.subarray(0, 64)), new Uint8Array(both.subarray(64))];
      const answer = native.verify(signature, message, key);
      expect(await portable.verify(signature, message, key)).toBe(answer);
      if (new Set(flips).size === 0) expect(answer).toBe(true);
      // One flipped bit can't be flipped back, and no other signature of this message is known to anybody.
      if (flips.length === 1) expect(answer).toBe(false);
    }),
    { numRuns: 120 },
  );
});

test("engines: no bytes of any length make verify throw", async () => {
  const anything = fc.uint8Array({ maxLength: 70 });
  await fc.assert(
    fc.asyncProperty(anything, anything, anything, async (signature, message, key) => {
      expect(native.verify(signature, message, key)).toBe(false);
      expect(await portable.verify(signature, message, key)).toBe(false);
    }),
    { numRuns: 200 },
  );
});

test("native engine: more keys than it keeps are still all verified", () => {
  const engine = createNativeEngine();
  const message = new Uint8Array([1, 2, 3]);
  const rows = Array.from({ length: 1030 }, (_, at) => {
    const seed = new Uint8Array(32).fill(at % 251);
    seed[0] = at >> 8;
    return { key: engine.publicKeyOf(seed), signature: engine.sign(message, seed) };
  });
  for (const { key, signature } of [...rows, ...rows]) {
    expect(engine.verify(signature, message, key)).toBe(true);
    expect(engine.verify(signature, new Uint8Array([1, 2]), key)).toBe(false);
  }
});
