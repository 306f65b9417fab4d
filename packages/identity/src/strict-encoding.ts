// What RFC 8032 section 5.1 asks of encodings, checked before either engine does arithmetic. OpenSSL, noble and others
// differ exactly here, so these checks are what makes a signature mean the same in a browser and on a server.

/** The order L of the prime subgroup, little-endian (RFC 8032 section 5.1). */
const groupOrder = bytesOf("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");

/** The field prime p = 2^255 - 19, little-endian. */
const fieldPrime = bytesOf("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");

/**
 * The y coordinates of the eight points whose order divides 8, little-endian, sign bit cleared. For such a key a
 * signature that holds for any message can be written down without a secret.
 */
const smallOrderY = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
].map(bytesOf);

/** What is wrong with the encoding of a point, or `undefined`. That it lies on the curve is left to the engine. */
export function pointEncodingFault(point: Uint8Array): "length" | "not-canonical" | "small-order" | undefined {
  if (point.length !== 32) return "length";
  const y = Uint8Array.from(point);
  y[31]! &= 0x7f;
  if (!isBelow(y, fieldPrime)) return "not-canonical";
  return smallOrderY.some((small) => isEqual(small, y)) ? "small-order" : undefined;
}

/** Whether signature and key are encoded as RFC 8032 demands: R and A canonical and not of small order, S below L. */
export function isStrictEncoding(signature: Uint8Array, publicKey: Uint8Array): boolean {
  return (
    signature.length === 64 &&
    pointEncodingFault(publicKey) === undefined &&
    pointEncodingFault(signature.subarray(0, 32)) === undefined &&
    isBelow(signature.subarray(32), groupOrder)
  );
}

/** Little-endian `left < right` for equal lengths. All of it is public data, so time may depend on it. */
function isBelow(left: Uint8Array, right: Uint8Array): boolean {
  for (let at = right.length - 1; at >= 0; at -= 1) {
    if (left[at]! !== right[at]!) return left[at]! < right[at]!;
  }
  return false;
}

function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.every((byte, at) => byte === right[at]);
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
