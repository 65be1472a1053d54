/** Cases: what is signed, or the signature, is not what the issuer made of it. */
import { constants, createHash, createPublicKey, generateKeyPairSync, privateEncrypt, sign } from 'node:crypto';

import {
  type Case,
  type Signer,
  accepted,
  as,
  encode,
  forged,
  foreignKeys,
  pss,
  refused,
  signature,
  stricter,
  tampered,
} from './forge.ts';
import { ALGORITHMS, type Algorithm, signingKeys, token } from './tokens.ts';

const INVALID = 'signature_invalid';

/** What can be done to any signature. */
export function anySignature(alg: Algorithm): Case[] {
  const changed = (name: string, change: (signature: Buffer) => Uint8Array) =>
    refused(`${alg}, ${name}`, INVALID, () => tampered(alg, change));
  const flipped = (bit: (length: number) => number) => (bytes: Buffer) => {
    const at = bit(bytes.length * 8);
    bytes[at >> 3]! ^= 0x80 >> (at & 7);
    return bytes;
  };
  return [
    accepted(`${alg}, well signed`, () => token({ alg })),
    accepted(`${alg}, well signed by hand`, () => forged({ alg, kid: alg }, as(alg))),
    refused(`${alg}, a bit of the payload flipped`, INVALID, () => edited(alg, 1, (claims) => flipLetterOf(claims))),
    refused(`${alg}, a claim added`, INVALID, () => edited(alg, 1, (claims) => claims.replace('{', '{"admin":true,'))),
    refused(`${alg}, the header changed`, INVALID, () => edited(alg, 0, (header) => header.replace('{', '{"typ":"JWT",'))),
    refused(`${alg}, by another key`, INVALID, () => token({ alg, key: foreignKeys[alg] })),
    refused(`${alg}, the signature of another token`, INVALID, async () => {
      const [one, other] = [await token({ alg }), await token({ alg })];
      return one.slice(0, one.lastIndexOf('.')) + other.slice(other.lastIndexOf('.'));
    }),
    changed('the first bit of the signature flipped', flipped(() => 0)),
    changed('a bit in the middle of it flipped', flipped((bits) => bits / 2)),
    changed('its last bit flipped', flipped((bits) => bits - 1)),
    changed('without its first byte', (bytes) => bytes.subarray(1)),
    changed('without its last byte', (bytes) => bytes.subarray(0, -1)),
    changed('half of it', (bytes) => bytes.subarray(0, bytes.length / 2)),
    changed('one byte of it', (bytes) => bytes.subarray(0, 1)),
    changed('none of it', () => Buffer.alloc(0)),
    changed('a zero before it', (bytes) => Buffer.concat([Buffer.alloc(1), bytes])),
    changed('a zero behind it', (bytes) => Buffer.concat([bytes, Buffer.alloc(1)])),
    changed('twice', (bytes) => Buffer.concat([bytes, bytes])),
    changed('reversed', (bytes) => bytes.reverse()),
    changed('as hexadecimal', (bytes) => Buffer.from(bytes.toString('hex'))),
    changed('as base64', (bytes) => Buffer.from(bytes.toString('base64'))),
    changed('all zero', (bytes) => bytes.fill(0)),
    changed('all one', (bytes) => bytes.fill(0xff)),
  ];
}

/** A segment of a good token edited, and the signature left as it was. */
async function edited(alg: Algorithm, at: 0 | 1, edit: (json: string) => string): Promise<string> {
  const segments = (await token({ alg })).split('.');
  segments[at] = encode(edit(Buffer.from(segments[at]!, 'base64url').toString()));
  return segments.join('.');
}

const flipLetterOf = (claims: string) => claims.replace('ann@', '`nn@');

interface Curve {
  readonly name: string;
  readonly order: bigint;
  readonly bytes: number;
}

// FIPS 186-5 and SP 800-186, section 3.2.1.
const CURVES = {
  ES256: {
    name: 'P-256',
    order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
    bytes: 32,
  },
  ES384: {
    name: 'P-384',
    order: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
    bytes: 48,
  },
  ES512: {
    name: 'P-521',
    order:
      0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
    bytes: 66,
  },
} as const satisfies Partial<Record<Algorithm, Curve>>;
const EC = Object.keys(CURVES) as (keyof typeof CURVES)[];

export function ecdsa(): Case[] {
  return EC.flatMap((alg) => {
    const { order: n, bytes } = CURVES[alg];
    type Pair = readonly [r: bigint, s: bigint];
    const pair = (change: (r: bigint, s: bigint) => Pair) => () =>
      tampered(alg, (signature) => {
        const [r, s] = change(number(signature.subarray(0, bytes)), number(signature.subarray(bytes)));
        return Buffer.concat([big(r, bytes), big(s, bytes)]);
      });
    const wrong: Record<string, (r: bigint, s: bigint) => Pair> = {
      'r = 0': (_, s) => [0n, s],
      's = 0': (r) => [r, 0n],
      'r = s = 0': () => [0n, 0n],
      'r = n': (_, s) => [n, s],
      's = n': (r) => [r, n],
      'r = s = n': () => [n, n],
      'r = n, s = 0': () => [n, 0n],
      'r = s = 1': () => [1n, 1n],
      'r = s = n - 1': () => [n - 1n, n - 1n],
      'r and s swapped': (r, s) => [s, r],
      's = r': (r) => [r, r],
      'n - r': (r, s) => [n - r, s],
      // Only P-521 has room for them: there they are what they were, modulo n.
      ...(alg === 'ES512' && { 'r + n': (r, s) => [r + n, s], 's + n': (r, s) => [r, s + n] }),
    };
    const der: Signer = (input) => sign(`sha${alg.slice(2)}`, Buffer.from(input), signingKeys[alg]);
    return [
      accepted(`${alg}, n - s, which is as good as s`, pair((r, s) => [r, n - s])),
      ...Object.entries(wrong).map(([name, change]) => refused(`${alg}, ${name}`, INVALID, pair(change))),
      refused(`${alg}, as DER`, INVALID, () => forged({ alg, kid: alg }, der)),
      refused(`${alg}, without the zero that r begins with`, INVALID, () =>
        tamperedWhere(alg, (bytes) => bytes[0] === 0, (bytes) => bytes.subarray(1))),
      ...EC.filter((other) => other !== alg).flatMap((other) => [
        refused(`${alg}, on the curve of ${other}`, INVALID, () =>
          forged({ alg, kid: alg }, as(alg, signingKeys[other]))),
        refused(`${alg}, with the hash of ${other}`, INVALID, () =>
          forged({ alg, kid: alg }, as(other, signingKeys[alg]))),
        refused(`${alg} on the curve of ${other}, with its kid`, 'algorithm_refused', () =>
          forged({ alg, kid: other }, as(alg, signingKeys[other]))),
      ]),
      refused(`${alg}, on secp256k1`, INVALID, () => forged({ alg, kid: alg }, as(alg, secp256k1))),
    ];
  });
}

const secp256k1 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey;

export function eddsa(): Case[] {
  // RFC 8032 section 5.1: the order of the base point.
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const little = (change: (s: bigint) => bigint) => (signature: Buffer) => {
    const s = number(Buffer.from(signature.subarray(32)).reverse());
    return Buffer.concat([signature.subarray(0, 32), big(change(s), 32).reverse()]);
  };
  const withPoint = (point: Buffer, s: bigint) => () => Buffer.concat([point, big(s, 32).reverse()]);
  const neutral = big(1n, 32).reverse();
  const changed = (name: string, change: (signature: Buffer) => Uint8Array) =>
    refused(`EdDSA, ${name}`, INVALID, () => tampered('EdDSA', change));
  const ed448 = generateKeyPairSync('ed448').privateKey;
  return [
    changed('S + L, which is S modulo L', little((s) => s + order)),
    changed('L - S', little((s) => order - s)),
    changed('S = 0', little(() => 0n)),
    changed('S = L', little(() => order)),
    changed('R neutral, S = 0', withPoint(neutral, 0n)),
    changed('R neutral, S = L', withPoint(neutral, order)),
    changed('R of order two', withPoint(big(2n ** 255n - 20n, 32).reverse(), 0n)),
    changed('R neutral, and not in the one form', withPoint(big(2n ** 255n - 18n, 32).reverse(), 0n)),
    refused('EdDSA, by Ed448', INVALID, () => forged({ alg: 'EdDSA', kid: 'EdDSA' }, as('EdDSA', ed448))),
    refused('EdDSA, by Ed448, cut', INVALID, () =>
      forged({ alg: 'EdDSA', kid: 'EdDSA' }, (input) => signature('EdDSA', input, ed448).subarray(0, 64))),
    refused('EdDSA of the hash', INVALID, () =>
      forged({ alg: 'EdDSA', kid: 'EdDSA' }, (input) => sign(null, digest('sha512', input), signingKeys.EdDSA))),
  ];
}

export function rsa(): Case[] {
  const key = signingKeys.RS256;
  const modulus = number(Buffer.from(createPublicKey(key).export({ format: 'jwk' }).n!, 'base64url'));
  const bytes = 256;
  const algs = ALGORITHMS.filter((alg) => alg.startsWith('RS') || alg.startsWith('PS'));
  // RFC 8017 section 8.1.2 refuses a number that is not below n. For PSS the `rsa` crate takes it modulo n.
  const outOfRange = (alg: Algorithm) => (alg.startsWith('PS') ? stricter : refused);
  const both = algs.flatMap((alg) => [
    outOfRange(alg)(`${alg}, s + n`, INVALID, () =>
      tamperedWhere(alg, (s) => number(s) + modulus < 256n ** 256n, (s) => big(number(s) + modulus, bytes))),
    refused(`${alg}, n - s`, INVALID, () => tampered(alg, (s) => big(modulus - number(s), bytes))),
    refused(`${alg}, s = 1`, INVALID, () => tampered(alg, () => big(1n, bytes))),
    refused(`${alg}, s = n`, INVALID, () => tampered(alg, () => big(modulus, bytes))),
    refused(`${alg}, s = n - 1`, INVALID, () => tampered(alg, () => big(modulus - 1n, bytes))),
    refused(`${alg}, without the zero that s begins with`, INVALID, () =>
      tamperedWhere(alg, (s) => s[0] === 0, (s) => s.subarray(1))),
  ]);

  // RFC 8017 section 9.2: 00 01 FF…FF 00, then a DigestInfo.
  const [info, withoutNull] = ['3031300d060960864801650304020105000420', '302f300b0609608648016503040201' + '0420'];
  const encoded = (make: (hash: string) => string) => () =>
    forged({ alg: 'RS256', kid: 'RS256' }, (input) => raw(make(digest('sha256', input).toString('hex'))));
  const raw = (hex: string) => privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, Buffer.from(hex, 'hex'));
  const padded = (tail: string, head = '0001') => `${head}${'ff'.repeat(bytes - 3 - tail.length / 2)}00${tail}`;
  const behind = (text: string) => text.padEnd(2 * bytes, '5a');
  const pkcs1: Record<string, (hash: string) => string> = {
    'the digest’s parameters left out': (hash) => padded(withoutNull + hash),
    'no DigestInfo': (hash) => padded(hash),
    'the digest before garbage': (hash) => behind(`0001${'ff'.repeat(8)}00${info}${hash}`),
    'short padding': (hash) => `${'00'.repeat(10)}01${'ff'.repeat(bytes - 12 - 51)}00${info}${hash}`,
    'padding that is not FF': (hash) => padded(info + hash).replace('ff', 'fe'),
    'padding for encryption': (hash) => padded(info + hash, '0002'),
    'garbage in the parameters': (hash) => padded(`3035301106096086480165030402010504deadbeef0420${hash}`),
    'a length in two bytes': (hash) => padded(`308131300d060960864801650304020105000420${hash}`),
    'a byte behind the digest': (hash) => padded(`3032300d060960864801650304020105000421${hash}00`),
  };

  const salts: [string, number][] = [
    ['no salt', 0],
    ['a salt of one byte', 1],
    ['the longest salt', constants.RSA_PSS_SALTLEN_MAX_SIGN],
  ];
  return [
    ...both,
    accepted('RS256, encoded by hand', encoded((hash) => padded(info + hash))),
    ...Object.entries(pkcs1).map(([name, make]) => refused(`RS256, ${name}`, INVALID, encoded(make))),
    ...(['sha1', 'sha384', 'sha512'] as const).map((hash) =>
      refused(`RS256, of a digest by ${hash}`, INVALID, () =>
        forged({ alg: 'RS256', kid: 'RS256' }, (input) => sign(hash, Buffer.from(input), key)))),
    // RFC 7518 section 3.5: a salt is as long as the digest.
    ...(['PS256', 'PS384', 'PS512'] as const).flatMap((alg) =>
      salts.map(([name, length]) =>
        refused(`${alg}, ${name}`, INVALID, () =>
          forged({ alg, kid: alg }, (input) => sign(`sha${alg.slice(2)}`, Buffer.from(input), pss(key, length)))))),
    refused('PS256, its mask by SHA-1', INVALID, () =>
      forged({ alg: 'PS256', kid: 'PS256' }, (input) => sign('sha1', Buffer.from(input), pss(key, 32)))),
  ];
}

/** A good token whose signature happens to be as wanted, and then changed. */
async function tamperedWhere(
  alg: Algorithm,
  isWanted: (signature: Buffer) => boolean,
  change: (signature: Buffer) => Uint8Array,
): Promise<string> {
  for (;;) {
    let found = false;
    const text = await tampered(alg, (signature) => {
      found = isWanted(signature);
      return found ? change(signature) : signature;
    });
    if (found) return text;
  }
}

const digest = (hash: string, input: string) => createHash(hash).update(input).digest();
const number = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
const big = (value: bigint, bytes: number) => Buffer.from(value.toString(16).padStart(2 * bytes, '0'), 'hex');
