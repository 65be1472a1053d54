/** Random calls, most of them nearly right: what is wrong everywhere is refused by the first check. */
import { createHmac } from 'node:crypto';

import { encryptedPem, K256, P256, P384, P521, pem, PSS, PSS_MIXED, PSS_SALTY, RSA, RSA_SHORT, SECRET } from './keys.ts';
import type { Random } from './random.ts';

/** In seconds since the epoch: the time of all cases. */
export const NOW = 1_800_000_000;

const SECRETS = [SECRET, Buffer.from(SECRET), new Uint8Array(Buffer.from('another one')), 's', 'ключ'];
const PAIRS = [RSA, RSA, RSA_SHORT, PSS, PSS_MIXED, PSS_SALTY, P256, P384, P521, K256];
const ENCRYPTED = { key: encryptedPem(P256.privateKey, 'right'), passphrase: 'right' };
const NO_KEYS = ['', undefined, null, 5, {}, { key: 'nonsense' }, { ...ENCRYPTED, passphrase: 'wrong' }];
const PRIVATE_KEYS = [...SECRETS, ...PAIRS.map(({ privateKey }) => privateKey), RSA.publicKey, ENCRYPTED, ...NO_KEYS];
const PUBLIC_KEYS = [...SECRETS, ...PAIRS.map(({ publicKey }) => publicKey), RSA.privateKey, pem(RSA.privateKey), ENCRYPTED, ...NO_KEYS];

const FITTING = [
  ['HS256', undefined],
  ['HS384', undefined],
  ['HS512', undefined],
  ['RS256', RSA],
  ['RS384', RSA],
  ['RS512', RSA],
  ['PS256', RSA],
  ['PS384', RSA],
  ['PS512', RSA],
  ['PS256', PSS],
  ['ES256', P256],
  ['ES384', P384],
  ['ES512', P521],
] as const;

export const ALGORITHMS = FITTING.map(([algorithm]) => algorithm);
const SPANS = ['1h', '2 days', '-5m', '90', '0', 3600, 0, -60, '1.5h'];
const BAD_SPANS = ['soon', '', '1 fortnight', 1.5, null, undefined, {}, '1h 5m'];
const TIMES = [NOW, NOW - 1, NOW + 1, NOW - 3600, NOW + 3600, 0, NOW + 0.5];

export interface SignCase {
  readonly payload: unknown;
  readonly key: unknown;
  readonly options: unknown;
  readonly hasCallback: boolean;
}

export function signCase(random: Random): SignCase {
  const [algorithm, pair] = random.pick(FITTING);
  const privateKey = pair?.privateKey;
  const fitting = privateKey ? random.pick([privateKey, pem(privateKey), Buffer.from(pem(privateKey))]) : random.pick(SECRETS);
  const key = random.chance(0.85) ? fitting : random.pick(PRIVATE_KEYS);
  const isRight = random.chance(0.5);
  const options = random.chance(0.03)
    ? random.pick([undefined, null, 'options', 5, [], new Date(0)])
    : {
        ...(random.chance(0.9) ? { algorithm } : {}),
        ...random.some(0.2, {
          expiresIn: SPANS,
          notBefore: SPANS,
          audience: ['api', ['api', 'app'], []],
          issuer: ['https://issuer.example', ''],
          subject: ['user', ''],
          jwtid: ['id-1'],
          noTimestamp: [true, false],
          keyid: ['key-1'],
          header: [{ kid: 'of it' }, { typ: 'at+jwt' }, { typ: undefined }, { x5t: 'a', cty: 'JWT' }, { alg: random.pick(ALGORITHMS) }],
          encoding: ['utf8', 'latin1', 'hex', 'base64'],
          mutatePayload: [true, false],
          allowInsecureKeySizes: [true, false],
        }),
        ...(isRight ? {} : random.some(0.08, WRONG_OPTIONS)),
      };
  const payload = random.chance(0.85) ? claims(random, isRight ? 0 : 0.1) : random.pick(ODD_PAYLOADS);
  // jsonwebtoken never calls back for '', and throws for a number.
  const hasCallback = random.chance(0.3) && (typeof payload === 'object' || (typeof payload === 'string' && payload !== ''));
  return { payload, key, options, hasCallback };
}

const WRONG_OPTIONS = {
  expiresIn: BAD_SPANS,
  notBefore: BAD_SPANS,
  algorithm: ['HS257', 'hs256', 'constructor', undefined, 5],
  audience: [5, null, {}, undefined],
  issuer: [5, null, ['a'], undefined],
  subject: [5, null, undefined],
  jwtid: [5, null, undefined],
  noTimestamp: ['true', 1, null, undefined],
  keyid: [5, null, undefined],
  header: ['header', null, [], new Date(0), undefined],
  encoding: [5, null, undefined, 'no-such-encoding'],
  mutatePayload: ['true', undefined],
  allowInsecureKeySizes: ['true', undefined],
  allowInvalidAsymmetricKeyTypes: ['true', undefined],
  expiresin: ['1h'],
  constructor: [1],
};

const ODD_PAYLOADS = [
  'text',
  'ünïcödé ✓',
  '{"sub":"user"}',
  '"a string"',
  Buffer.from('bytes'),
  '',
  5,
  true,
  null,
  undefined,
  [],
  [1],
  new Date(0),
  new Map(),
  new Uint8Array(2),
  Object.assign(Object.create(null) as object, { sub: 'user' }),
  Object.create({ sub: 'inherited' }) as object,
  Object.create(Object.create(null) as object) as object,
  { [Symbol.toStringTag]: 'tagged' },
  { count: 5n },
];

function claims(random: Random, wrong: number): Record<string, unknown> {
  return {
    ...random.some(0.3, {
      iat: TIMES,
      exp: TIMES,
      nbf: TIMES,
      aud: ['api', ['app', 'api'], 'somebody else', [], 5, null],
      iss: ['https://issuer.example', 'https://other.example', ['https://issuer.example'], 5],
      sub: ['user', 'other', '', 5],
      jti: ['id-1', 'id-2'],
      nonce: ['n-1', 'n-2'],
      'ünïcödé ✓': ['ключ', '\u0000', '\ud800'],
      nested: [{ deeply: [{ nested: true }] }],
    }),
    ...random.some(wrong, { iat: ['now', null, undefined], exp: ['now', null], nbf: [{}, undefined] }),
  };
}

export interface VerifyCase {
  readonly token: unknown;
  readonly key: unknown;
  readonly options: unknown;
  readonly kind: 'sync' | 'callback' | 'key callback';
}

type Sign = (payload: object | string, key: never, options: object) => string;

/** `sign` makes the tokens that are right. */
export function verifyCase(random: Random, sign: Sign): VerifyCase {
  const [algorithm, pair] = random.pick(FITTING);
  const secret = random.pick(SECRETS);
  const publicKey = pair?.publicKey;
  const fitting = publicKey ? random.pick([publicKey, pem(publicKey), Buffer.from(pem(publicKey))]) : secret;
  const key = random.chance(0.85) ? fitting : random.pick(PUBLIC_KEYS);
  const payload = random.chance(0.9) ? claims(random, 0) : random.pick(['text', '{"sub":"user"}', '"a string"', '5']);
  const header = random.chance(0.2) ? random.pick([{ typ: 'at+jwt' }, { kid: 'key-1' }, { typ: undefined }]) : {};
  const timeless = random.chance(0.2) && typeof payload === 'object' ? { noTimestamp: true } : {};
  const right = sign(payload, (pair?.privateKey ?? secret) as never, { algorithm, header, ...timeless });
  const token = random.chance(0.7) ? right : tampered(random, right);
  const kind = random.pick(['sync', 'sync', 'callback', 'key callback'] as const);
  return { token, key, options: verifyOptions(random, algorithm), kind };
}

function verifyOptions(random: Random, algorithm: string): unknown {
  if (random.chance(0.05)) return random.pick([undefined, null]);
  return {
    ...random.some(0.15, {
      algorithms: [[algorithm], [algorithm], ALGORITHMS, ['RS256', 'HS256'], [], '', null],
      audience: ['api', /^a/, ['x', /pi$/], ['app', 'x'], [], ''],
      issuer: ['https://issuer.example', ['https://issuer.example', 'x'], [], ''],
      subject: ['user', 'other', ''],
      jwtid: ['id-1', ''],
      nonce: ['n-1'],
      maxAge: ['1h', 3600, 1, '2 days', 0, ''],
      clockTimestamp: [NOW, NOW + 7200, NOW - 7200, 0],
      clockTolerance: [0, 1, 7200],
      ignoreExpiration: [true, false],
      ignoreNotBefore: [true, false],
      complete: [true, false, 1],
      allowInvalidAsymmetricKeyTypes: [true, false],
    }),
    ...random.some(0.02, {
      clockTimestamp: ['now', {}],
      nonce: ['', ' ', 5, null],
      allowInvalidAsymmetricKeyTypes: ['true', null],
      maxAge: ['long', true, {}],
    }),
  };
}

/** A token that was changed by somebody without the key. */
export function tampered(random: Random, token: string): unknown {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const own = (text: string) => Buffer.from(text).toString('base64url');
  const hmac = (input: string) => `${input}.${createHmac('sha256', SECRET).update(input).digest('base64url')}`;
  return random.pick<() => unknown>([
    () => changed(random, token),
    () => changed(random, token),
    () => `${header}.${payload}.`,
    () => header,
    () => `${header}.${payload}`,
    () => `${token}.`,
    () => `${header}..${signature}`,
    () => `.${payload}.${signature}`,
    () => `${token} `,
    () => `${token}\n`,
    () => `${token}=`,
    () => `${header}.${payload}.${signature.slice(0, -4)}`,
    () => `${header}.${own(JSON.stringify({ sub: 'admin' }))}.${signature}`,
    () => `${own('{"alg":"none","typ":"JWT"}')}.${payload}.`,
    () => `${own('{"alg":"none","typ":"JWT"}')}.${payload}.${signature}`,
    () => `${own('{"alg":"HS257"}')}.${payload}.${signature}`,
    () => `${own('{"typ":"JWT"}')}.${payload}.${signature}`,
    () => `${own('no JSON')}.${payload}.${signature}`,
    () => `${own('null')}.${payload}.${signature}`,
    () => `${header}.${own('no JSON')}.${signature}`,
    () => hmac(`${own('{"alg":"HS256","typ":"JWT"}')}.${own('no JSON')}`),
    () => hmac(`${own('{"alg":"HS256","typ":"JWT"}')}.${own('"{\\"sub\\":\\"user\\"}"')}`),
    () => hmac(`${own('{"alg":"HS256"}')}.${own('{"exp":"never","nbf":"always"}')}`),
    () => hmac(`${own('{"alg":"HS256"}')}.${own('{"exp":null}')}`),
    () => hmac(`${own('{"alg":"HS256","typ":"JWT"}')}.${own('[1]')}`),
    () => random.pick(['', '.', '..', '...', 'a.b.c', undefined, null, 5, {}, Buffer.from(token)]),
  ])();
}

function changed(random: Random, token: string): string {
  const place = random.below(token.length);
  return token.slice(0, place) + random.pick([...'AQgw_-059z.= +/é']) + token.slice(place + 1);
}

