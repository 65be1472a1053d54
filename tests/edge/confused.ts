/** Cases: a good signature, but by a key, with an algorithm or for an issuer that it is not meant for. */
import { createPublicKey, randomUUID } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import {
  type Case,
  type Key,
  accepted,
  as,
  compact,
  encode,
  forged,
  foreignKeys,
  payload,
  publicJwk,
  refused,
  stricter,
} from './forge.ts';
import { ALGORITHMS, type Algorithm, ISSUER, KINDS, LONG_SECRET, now, signingKeys, token } from './tokens.ts';

const INVALID = 'signature_invalid';
const ALGORITHM = 'algorithm_refused';
const HMACS = ['HS256', 'HS384', 'HS512'] as const;
/** Each public key once. */
const PUBLIC = ['RS256', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const satisfies Algorithm[];

/** Each algorithm with the key id of each other: the header tells the truth, then it does not. */
export function swapped(): Case[] {
  return ALGORITHMS.flatMap((kid) =>
    ALGORITHMS.filter((alg) => alg !== kid).flatMap((alg) => [
      refused(`${alg} with the kid ${kid}`, ALGORITHM, () => token({ alg, header: { kid } })),
      refused(`${kid}, signed with ${alg}`, INVALID, () => forged({ alg: kid, kid }, as(alg))),
    ]),
  );
}

/** HMAC, keyed with what everybody knows. */
export function hmacOfPublicKeys(): Case[] {
  return PUBLIC.flatMap((kid) =>
    Object.entries(texts(signingKeys[kid])).flatMap(([name, text]) => [
      ...HMACS.map((alg) =>
        refused(`${alg} keyed with the ${name} of ${kid}`, ALGORITHM, () => forged({ alg, kid }, as(alg, text)))),
      refused(`HS256 with its own kid, keyed with the ${name} of ${kid}`, INVALID, () =>
        forged({ alg: 'HS256', kid: 'HS256' }, as('HS256', text))),
      refused(`HMAC, called ${kid}, keyed with the ${name}`, INVALID, () => forged({ alg: kid, kid }, as('HS256', text))),
    ]),
  );
}

function texts(key: KeyObject): Record<string, Uint8Array> {
  const pub = createPublicKey(key);
  const pem = pub.export({ type: 'spki', format: 'pem' }).toString();
  const der = pub.export({ type: 'spki', format: 'der' });
  const jwk = pub.export({ format: 'jwk' });
  const all = {
    PEM: pem,
    'PEM, trimmed,': pem.trim(),
    'PEM with CRLF': pem.replaceAll('\n', '\r\n'),
    'PEM in one line': pem.replaceAll('\n', ''),
    DER: der,
    'base64 of the DER': der.toString('base64'),
    JWK: JSON.stringify(jwk),
    number: Buffer.from(jwk.n ?? jwk.x!, 'base64url'),
    ...(jwk.kty === 'RSA' && { 'PKCS #1 PEM': pub.export({ type: 'pkcs1', format: 'pem' }) }),
  };
  return Object.fromEntries(Object.entries(all).map(([name, text]) => [name, Buffer.from(text)]));
}

const NONES = ['none', 'None', 'NONE', 'nOnE', 'none ', ' none', 'none\0', '', 'null', '0'];
const FOREIGN_ALGORITHMS = [
  'hs256', 'HS256 ', 'HS-256', 'HS1', 'RS1', 'ES256K', 'Ed25519', 'Ed448', 'dir', 'RSA1_5', 'A128GCMKW', 'ML-DSA-44',
];

export function noAlgorithm(): Case[] {
  const by = { 'without a signature': () => Buffer.alloc(0), 'well signed': as('HS256') };
  const named = [...NONES, ...FOREIGN_ALGORITHMS].map((alg) => [JSON.stringify(alg), alg, ALGORITHM] as const);
  const odd = [null, 0, true, ['HS256'], { alg: 'HS256' }, undefined].map(
    (alg) => [String(JSON.stringify(alg)), alg, 'header_invalid'] as const,
  );
  return Object.entries(by).flatMap(([signed, sign]) => [
    ...[...named, ...odd].flatMap(([name, alg, code]) => [
      refused(`alg ${name}, ${signed}`, code, () => forged({ alg, kid: 'HS256' }, sign)),
      refused(`alg ${name} and no kid, ${signed}`, code, () => forged({ alg }, sign)),
    ]),
    ...(['"alg":"none","alg":"HS256"', '"alg":"HS256","alg":"none"'] as const).map((twice) =>
      refused(`{${twice}}, ${signed}`, 'token_duplicate_member', async () =>
        compact(`{${twice},"kid":"HS256"}`, await payload(), sign))),
    refused(`Ed25519, as EdDSA is called elsewhere, ${signed}`, ALGORITHM, () =>
      forged({ alg: 'Ed25519', kid: 'EdDSA' }, signed === 'well signed' ? as('EdDSA') : sign)),
  ]);
}

/** Where a token may say that its key is. Nobody asks there: `url` is a server that counts. */
export function keysInTheHeader(url: () => string): Case[] {
  return KINDS.flatMap((alg) => {
    const foreign = foreignKeys[alg];
    const by = (key: Key, header: () => object) => () => forged({ alg, kid: alg, ...header() }, as(alg, key));
    const certificate = (key: Key) => [key instanceof Uint8Array ? encode(key) : spki(key)];
    const places = (key: Key): Record<string, () => object> => ({
      x5c: () => ({ x5c: certificate(key) }),
      jku: () => ({ jku: `${url()}/jwks` }),
      x5u: () => ({ x5u: `${url()}/x5u` }),
      'x5t and x5t#S256': () => ({ x5t: encode('x'.repeat(20)), 'x5t#S256': encode('x'.repeat(32)) }),
    });
    const jwk = (key: Key) => () => ({ jwk: { ...publicJwk(key), alg, kid: alg, use: 'sig' } });
    const own = signingKeys[alg];
    return [
      refused(`${alg}, by the key in its jwk`, 'header_invalid', by(foreign, jwk(foreign))),
      stricter(`${alg}, by the issuer’s key, which is in its jwk`, 'header_invalid', by(own, jwk(own))),
      stricter(`${alg}, by the issuer’s key, with another in its jwk`, 'header_invalid', by(own, jwk(foreign))),
      refused(`${alg}, by the key in its jwk, without a kid`, 'header_invalid', () =>
        forged({ alg, ...jwk(foreign)() }, as(alg, foreign))),
      ...Object.entries(places(foreign)).flatMap(([name, header]) => [
        refused(`${alg}, by the key in its ${name}`, INVALID, by(foreign, header)),
        refused(`${alg}, by the key in its ${name}, without a kid`, 'key_unknown', () =>
          forged({ alg, ...header() }, as(alg, foreign))),
        accepted(`${alg}, by the issuer’s key, with another in its ${name}`, by(own, header)),
      ]),
    ];
  });
}

const spki = (key: KeyObject) => createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64');

const STRANGE_KIDS = [
  '../../dev/null', '../../../../../../dev/null', '/dev/null', 'file:///dev/null', 'C:\\nul', "' OR 1=1", "' OR 1=1 --",
  "x' UNION SELECT 'secret", '', ' ', '*', '%', '.*', 'hs256', 'HS256 ', ' HS256', 'HS256\0', 'HS256/../RS256', '../HS256',
  'HS256\n', 'HS\u{ff12}56', '0', '1', 'null', 'undefined', '__proto__', 'constructor', 'toString', '$(id)', '| id', '{{7*7}}',
  'x'.repeat(4000),
];

export function keyIds(): Case[] {
  const secrets = {
    'with no secret': Buffer.alloc(0),
    'with a zero for a secret': Buffer.alloc(1),
    'with the secret': signingKeys.HS256,
  };
  const odd = [null, 0, 1, true, ['HS256'], [], { kid: 'HS256' }];
  return Object.entries(secrets).flatMap(([by, secret]) => {
    const signed = (kid: unknown) => () => forged({ alg: 'HS256', kid }, as('HS256', secret));
    return [
      ...STRANGE_KIDS.map((kid) => refused(`kid ${JSON.stringify(kid).slice(0, 40)} ${by}`, 'key_unknown', signed(kid))),
      ...odd.map((kid) => refused(`kid ${JSON.stringify(kid)} ${by}`, 'header_invalid', signed(kid))),
      refused(`no kid ${by}`, 'key_unknown', signed(undefined)),
      refused(`two kids ${by}`, 'token_duplicate_member', async () =>
        compact('{"alg":"HS256","kid":"x","kid":"HS256"}', await payload(), as('HS256', secret))),
    ];
  });
}

/** The other issuer, which has some of the first one's key ids, and a key without one. */
export const OTHER_ISSUER = 'https://other.example';
const others = { ES256: foreignKeys.ES256, other: foreignKeys.ES384, none: foreignKeys.EdDSA };
export const otherIssuer = {
  issuer: OTHER_ISSUER,
  audiences: ['api'],
  max_lifetime: 900,
  leeway: 5,
  required_claims: ['sub'],
  keys: [
    { kid: 'ES256', alg: 'ES256', jwk: publicJwk(others.ES256) },
    { kid: 'other', alg: 'ES384', jwk: publicJwk(others.other) },
    { alg: 'EdDSA', jwk: publicJwk(others.none) },
    { kid: 'HS256', alg: 'HS384', secret: 'LONG_SECRET' },
  ],
} as const;

export function issuers(): Case[] {
  const of = (iss: unknown, alg: Algorithm, kid: unknown, key: Key = signingKeys[alg]) => () =>
    forged({ alg, kid }, as(alg, key), { claims: { iss: iss as string } });
  return [
    accepted('the other issuer’s ES256', of(OTHER_ISSUER, 'ES256', 'ES256', others.ES256)),
    accepted('the other issuer’s own kid', of(OTHER_ISSUER, 'ES384', 'other', others.other)),
    accepted('the other issuer’s key without a kid', of(OTHER_ISSUER, 'EdDSA', undefined, others.none)),
    accepted('the other issuer’s HS384', of(OTHER_ISSUER, 'HS384', 'HS256', Buffer.from(LONG_SECRET))),
    refused('one issuer’s token by the other’s key of the same kid', INVALID, of(ISSUER, 'ES256', 'ES256', others.ES256)),
    refused('the same, the other way round', INVALID, of(OTHER_ISSUER, 'ES256', 'ES256')),
    refused('a key that only the other issuer has', 'key_unknown', of(ISSUER, 'ES384', 'other', others.other)),
    refused('the same, the other way round', 'key_unknown', of(OTHER_ISSUER, 'RS256', 'RS256')),
    refused('a key without a kid that only the other has', 'key_unknown', of(ISSUER, 'EdDSA', undefined, others.none)),
    refused('the other’s kid, with the first one’s algorithm', ALGORITHM, of(OTHER_ISSUER, 'HS256', 'HS256')),
    refused('the first one’s kid, with the other’s algorithm', ALGORITHM, of(ISSUER, 'HS384', 'HS256')),
    refused('an empty kid, where there is a key without one', 'key_unknown', of(OTHER_ISSUER, 'EdDSA', '', others.none)),
    stricter('kid null, where there is a key without one', 'header_invalid', of(OTHER_ISSUER, 'EdDSA', null, others.none)),
    stricter('both issuers in a list', 'claim_invalid', of([OTHER_ISSUER, ISSUER], 'HS256', 'HS256')),
    ...[undefined, '', `${ISSUER}/`, ISSUER.toUpperCase(), `${ISSUER}\0`, ` ${ISSUER}`, 'https://evil.example'].map((iss) =>
      refused(`iss ${JSON.stringify(iss)}`, 'issuer_unknown', of(iss, 'HS256', 'HS256'))),
  ];
}

/** What is said, well signed. */
export function claims(): Case[] {
  const header = { alg: 'HS256', kid: 'HS256' };
  const well = (more: object, claims: Record<string, unknown> = {}) => () =>
    forged({ ...header, ...more }, as('HS256'), { claims });
  const raw = (edit: (claims: string) => string) => async () =>
    compact(JSON.stringify(header), edit(await payload()), as('HS256'));
  return [
    refused('expired', 'token_expired', well({}, { iat: now() - 700, exp: now() - 100 })),
    refused('not begun', 'token_not_yet_valid', well({}, { nbf: now() + 100 })),
    refused('for somebody else', 'audience_mismatch', well({}, { aud: 'other' })),
    refused('for nobody', 'audience_mismatch', well({}, { aud: undefined })),
    refused('without an end', 'claim_missing', well({}, { exp: undefined })),
    refused('about nobody', 'claim_missing', well({}, { sub: undefined })),
    refused('exp as text', 'claim_invalid', well({}, { exp: String(now() + 100) })),
    refused('exp before all time', 'claim_invalid', well({}, { exp: -1 })),
    refused('sub a number', 'claim_invalid', well({}, { sub: 1 })),
    refused('a claim after the JSON', 'token_json', raw((claims) => `${claims}{}`)),
    refused('a payload that is a list', 'token_not_object', raw((claims) => `[${claims}]`)),
    accepted('for us and somebody else', well({}, { aud: ['other', 'api'] })),
    accepted('with fractions of seconds', well({}, { exp: now() + 100.5 })),
    accepted('with spaces in the JSON', raw((claims) => claims.replaceAll(',', ' ,\n'))),
    accepted('with escapes in the JSON', raw((claims) => claims.replace('"iss"', '"\\u0069ss"'))),
    stricter('too large', 'token_too_large', well({}, { x: 'x'.repeat(9000) })),
    stricter('a claim twice', 'token_duplicate_member', raw((claims) => claims.replace('{', `{"jti":"${randomUUID()}",`))),
    stricter('deep', 'token_nesting', raw((claims) => claims.replace('{', `{"x":${'['.repeat(20)}${']'.repeat(20)},`))),
    stricter('crit', 'token_extension', well({ crit: ['exp'] })),
    stricter('b64', 'token_extension', well({ b64: false })),
    stricter('typ of a logout token', 'type_refused', well({ typ: 'logout+jwt' })),
    stricter('an event', 'type_refused', well({}, { events: {} })),
    stricter('a nonce', 'type_refused', well({}, { nonce: 'n' })),
    stricter('jti a number', 'claim_invalid', well({}, { jti: 1 })),
    stricter('without a beginning', 'claim_missing', well({}, { iat: undefined })),
    stricter('from the future', 'token_not_yet_valid', well({}, { iat: now() + 100 })),
    stricter('for too long', 'lifetime_too_long', well({}, { exp: now() + 2000 })),
  ];
}
