// Writes ed25519-hostile.json: `node test/vectors/derive-ed25519-hostile.ts`. The cases follow the classes of hostile
// input that RFC 8032 section 8 and the public Wycheproof project describe; every number is computed here, with plain
// curve arithmetic and no verifier, so that the file doesn't repeat what one of our engines happens to answer.
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Point } from "@noble/ed25519";

const { n: order, p: prime } = Point.CURVE();
const sha512 = (...parts: Uint8Array[]) => createHash("sha512").update(Buffer.concat(parts)).digest();
const toNumber = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
const toBytes = (value: bigint) => Buffer.from(value.toString(16).padStart(64, "0"), "hex").reverse();
const challengeOf = (r: Uint8Array, a: Uint8Array, message: Uint8Array) => toNumber(sha512(r, a, message)) % order;
const text = (value: string) => Buffer.from(value, "utf8");

const expanded = sha512(text("saltgate hostile vectors: the seed"));
const secret = toNumber(expanded.subarray(0, 32)) % order;
const nonce = toNumber(expanded.subarray(32)) % order;
const A = Point.BASE.multiply(secret);
const R = Point.BASE.multiply(nonce);
const a = Buffer.from(A.toBytes());
const r = Buffer.from(R.toBytes());

/** The S that makes [S]B = R + [k]A for this R and A, with k over the given encodings. */
const solve = (rBytes: Uint8Array, aBytes: Uint8Array, message: Uint8Array) =>
  (nonce + challengeOf(rBytes, aBytes, message) * secret) % order;

/** A message whose challenge is a multiple of `divisor` plus `rest`. */
function messageWith(
  rBytes: Uint8Array,
  aBytes: Uint8Array,
  divisor: bigint,
  wanted: (rest: bigint) => boolean,
): Buffer {
  for (let at = 0; ; at += 1) {
    const message = text(`message ${at}`);
    if (wanted(challengeOf(rBytes, aBytes, message) % divisor)) return message;
  }
}

interface Case {
  readonly name: string;
  readonly publicKey: string;
  readonly message: string;
  readonly signature: string;
  readonly valid: boolean;
}
const cases: Case[] = [];
function add(name: string, key: Uint8Array, message: Uint8Array, signature: Uint8Array, valid = false): void {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
  cases.push({ name, publicKey: hex(key), message: hex(message), signature: hex(signature), valid });
}

const message = text("the message");
const s = solve(r, a, message);
const good = Buffer.concat([r, toBytes(s)]);
add("the honest signature", a, message, good, true);
add(
  "an honest signature of nothing",
  a,
  Buffer.alloc(0),
  Buffer.concat([r, toBytes(solve(r, a, Buffer.alloc(0)))]),
  true,
);

for (let multiple = 1n; multiple <= 15n; multiple += 1n) {
  add(`S raised by ${multiple} times the group order`, a, message, Buffer.concat([r, toBytes(s + multiple * order)]));
}
add("S is the group order", a, message, Buffer.concat([r, toBytes(order)]));
add("S is zero", a, message, Buffer.concat([r, toBytes(0n)]));
add("S is one less than the group order", a, message, Buffer.concat([r, toBytes(order - 1n)]));
add("S is all ones", a, message, Buffer.concat([r, Buffer.alloc(32, 255)]));
add("S negated", a, message, Buffer.concat([r, toBytes(order - s)]));
for (let bit = 0; bit < 512; bit += 37) {
  const flipped = Buffer.from(good);
  flipped[bit >> 3]! ^= 1 << (bit & 7);
  add(`bit ${bit} of the signature flipped`, a, message, flipped);
}
for (const bit of [0, 100, 254, 255]) {
  const flipped = Buffer.from(a);
  flipped[bit >> 3]! ^= 1 << (bit & 7);
  add(`bit ${bit} of the key flipped`, flipped, message, good);
}
add("another message", a, text("the message!"), good);
add("the message and a zero byte", a, Buffer.concat([message, Buffer.alloc(1)]), good);
add("an empty message instead", a, Buffer.alloc(0), good);
add("an empty signature", a, message, Buffer.alloc(0));
add("a signature one byte short", a, message, good.subarray(0, 63));
add("a signature one byte long", a, message, Buffer.concat([good, Buffer.alloc(1)]));
add("only R", a, message, good.subarray(0, 32));
add("the signature twice", a, message, Buffer.concat([good, good]));
add("R and S swapped", a, message, Buffer.concat([good.subarray(32), good.subarray(0, 32)]));
add("64 zero bytes", a, message, Buffer.alloc(64));
add("an empty key", Buffer.alloc(0), message, good);
add("a key one byte short", a.subarray(0, 31), message, good);
add("a key one byte long", Buffer.concat([a, Buffer.alloc(1)]), message, good);

// Ed25519ph and Ed25519ctx put a prefix in front (RFC 8032 section 5.1); plain Ed25519 must not accept it.
const prefixed = Buffer.concat([text("SigEd25519 no Ed25519 collisions"), Buffer.from([1, 0])]);
const prefixedChallenge = toNumber(sha512(prefixed, r, a, sha512(message))) % order;
add(
  "a signature of the pre-hashed kind",
  a,
  message,
  Buffer.concat([r, toBytes((nonce + prefixedChallenge * secret) % order)]),
);

// The eight points of small order: kT, where T is a point multiplied by the prime order.
let torsion = Point.ZERO;
for (let y = 2n; torsion.multiply(4n, false).is0(); y += 1n) {
  try {
    torsion = Point.fromBytes(toBytes(y))
      .multiply(order - 1n, false)
      .add(Point.fromBytes(toBytes(y)));
  } catch {
    // No point has this y.
  }
}
const small = Array.from({ length: 8 }, (_, k) => torsion.multiply(BigInt(k), false));
for (const [k, point] of small.entries()) {
  const key = Buffer.from(point.toBytes());
  const anyone = messageWith(r, key, 8n, (rest) => rest === 0n);
  add(`small order key ${k} of 8: a signature that needs no secret`, key, anyone, Buffer.concat([r, toBytes(nonce)]));
  const challenge = challengeOf(key, a, message);
  const cofactorless = point.is0() ? "" : ", which holds with the cofactor only";
  add(
    `small order R ${k} of 8${cofactorless}`,
    a,
    message,
    Buffer.concat([key, toBytes((challenge * secret) % order)]),
  );
}

// Second spellings: y + p still fits in 255 bits for y below 19, and a sign bit on x = 0.
const spellings: [string, Buffer][] = [];
for (let y = 0n; y < 19n; y += 1n) spellings.push([`y = p + ${y}`, toBytes(prime + y)]);
for (const y of [0n, 1n]) spellings.push([`y = p + ${y} with a sign`, toBytes(prime + y + (1n << 255n))]);
spellings.push(["the neutral point with a sign", toBytes(1n + (1n << 255n))]);
spellings.push(["the point of order two with a sign", toBytes(prime - 1n + (1n << 255n))]);
for (const [name, encoded] of spellings) {
  const anyone = messageWith(r, encoded, 8n, (rest) => rest === 0n);
  add(`key spelled twice: ${name}`, encoded, anyone, Buffer.concat([r, toBytes(nonce)]));
  const challenge = challengeOf(encoded, a, message);
  add(`R spelled twice: ${name}`, a, message, Buffer.concat([encoded, toBytes((challenge * secret) % order)]));
}

// A torsion part: the equation without cofactor (RFC 8032 section 5.1.7 in its stricter form) holds only when the
// challenge happens to cancel it.
for (const [k, point] of small.slice(1).entries()) {
  const mixedKey = Buffer.from(A.add(point).toBytes());
  const isCancelled = (rest: bigint) => point.multiply(rest, false).is0();
  const cancelled = messageWith(r, mixedKey, 8n, isCancelled);
  const open = messageWith(r, mixedKey, 8n, (rest) => !isCancelled(rest));
  add(
    `key with torsion ${k + 1}, cancelled`,
    mixedKey,
    cancelled,
    Buffer.concat([r, toBytes(solve(r, mixedKey, cancelled))]),
    true,
  );
  add(
    `key with torsion ${k + 1}, not cancelled`,
    mixedKey,
    open,
    Buffer.concat([r, toBytes(solve(r, mixedKey, open))]),
  );
  const mixedR = Buffer.from(R.add(point).toBytes());
  add(`R with torsion ${k + 1}`, a, message, Buffer.concat([mixedR, toBytes(solve(mixedR, a, message))]));
}

let offCurve = 2n;
for (; ; offCurve += 1n) {
  try {
    Point.fromBytes(toBytes(offCurve));
  } catch {
    break;
  }
}
add("a key that is no point of the curve", toBytes(offCurve), message, good);
add("an R that is no point of the curve", a, message, Buffer.concat([toBytes(offCurve), toBytes(s)]));

const source =
  "derived by test/vectors/derive-ed25519-hostile.ts after RFC 8032 section 8 and the case classes of Wycheproof";
/** The text of ed25519-hostile.json. */
export const derived: string = `${JSON.stringify({ source, cases }, null, 2)}\n`;
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL("ed25519-hostile.json", import.meta.url), derived);
}
