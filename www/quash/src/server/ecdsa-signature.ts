/**
 * The two spellings of an ECDSA signature: R and S side by side in JWS (RFC 7518 section 3.4), and in DER as OpenSSL takes them
 * (`Ecdsa-Sig-Value`, RFC 3279 section 2.2.3). Node.js can translate, too (`dsaEncoding`), but in Node.js 24 that costs half as
 * much as a verification.
 */

const INTEGER = 0x02;
const SEQUENCE = 0x30;

/** From JWS to DER; R and S have the same length. */
export function toDer(signature: Buffer): Buffer {
  const half = signature.length / 2;
  const integers = [...integer(signature.subarray(0, half)), ...integer(signature.subarray(half))];
  // Of P-521 alone they are longer than what one byte can say.
  return Buffer.from([SEQUENCE, ...(integers.length < 0x80 ? [] : [0x81]), integers.length, ...integers]);
}

/** From DER to JWS, of `length` bytes; `undefined` if it is not of that length. */
export function fromDer(der: Buffer, length: number): Buffer | undefined {
  const signature = Buffer.alloc(length);
  let start = der[1] === 0x81 ? 3 : 2;
  for (const end of [length / 2, length]) {
    const size = der[start + 1] ?? 0;
    const value = significant(der.subarray(start + 2, start + 2 + size));
    if (value.length > length / 2) return undefined;
    value.copy(signature, end - value.length);
    start += 2 + size;
  }
  return signature;
}

function integer(bytes: Buffer): number[] {
  const value = significant(bytes);
  // A first bit that is set would make it negative.
  const sign = (value[0] ?? 0x80) >= 0x80 ? [0] : [];
  return [INTEGER, sign.length + value.length, ...sign, ...value];
}

function significant(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  return bytes.subarray(first < 0 ? bytes.length : first);
}
