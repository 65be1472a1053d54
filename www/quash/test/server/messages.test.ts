/** Each error message that jsonwebtoken's source has: ours is the same, of the same class, for the same call. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

import jsonwebtoken from 'jsonwebtoken';
import * as quash from 'quash/server';

import { ED448, P256, P384, PSS, PSS_SALTY, RSA, RSA_SHORT, SECRET } from './keys.ts';
import { compact, messageOf, outcomeOf } from './outcome.ts';

/** As JavaScript sees it, which checks no types. */
type Library = Record<'sign' | 'verify', (...args: unknown[]) => unknown>;
type Call = (library: Library) => unknown;

/** What is not constant in a message. */
const SOME = '…';
const FAR = 4_000_000_000;

const sign =
  (...args: unknown[]): Call =>
  (library) =>
    library.sign(...args);

/** Verifies a token with these claims. */
const verify =
  (claims: object, options: object = {}, key: unknown = SECRET): Call =>
  (library) =>
    library.verify(jsonwebtoken.sign(claims, SECRET), key, options);

const verifyToken =
  (...args: unknown[]): Call =>
  (library) =>
    library.verify(...args);

const UNSIGNED = compact({ alg: 'HS256', typ: 'JWT' }, {});
const RIGHT = jsonwebtoken.sign({}, SECRET);
const RS256 = jsonwebtoken.sign({}, RSA.privateKey, { algorithm: 'RS256' });

const MESSAGES: Record<string, Call> = {
  'Expected "…" to be a plain object.': sign([], SECRET),
  '"…" is not allowed in "…"': sign({}, SECRET, { expires: 1 }),
  '"expiresIn" should be a number of seconds or string representing a timespan': sign({}, SECRET, { expiresIn: 1.5 }),
  '"notBefore" should be a number of seconds or string representing a timespan': sign({}, SECRET, { notBefore: '' }),
  '"audience" must be a string or array': sign({}, SECRET, { audience: 5 }),
  '"algorithm" must be a valid string enum value': sign({}, SECRET, { algorithm: 'XS256' }),
  '"header" must be an object': sign({}, SECRET, { header: null }),
  '"encoding" must be a string': sign({}, SECRET, { encoding: 8 }),
  '"issuer" must be a string': sign({}, SECRET, { issuer: ['a'] }),
  '"subject" must be a string': sign({}, SECRET, { subject: 5 }),
  '"jwtid" must be a string': sign({}, SECRET, { jwtid: 5 }),
  '"noTimestamp" must be a boolean': sign({}, SECRET, { noTimestamp: 1 }),
  '"keyid" must be a string': sign({}, SECRET, { keyid: 5 }),
  '"mutatePayload" must be a boolean': sign({}, SECRET, { mutatePayload: 1 }),
  '"allowInsecureKeySizes" must be a boolean': sign({}, SECRET, { allowInsecureKeySizes: 1 }),
  '"allowInvalidAsymmetricKeyTypes" must be a boolean': sign({}, SECRET, { allowInvalidAsymmetricKeyTypes: 'yes' }),
  '"iat" should be a number of seconds': sign({ iat: 'now' }, SECRET),
  '"exp" should be a number of seconds': sign({ exp: 'soon' }, SECRET),
  '"nbf" should be a number of seconds': sign({ nbf: null }, SECRET),
  'secretOrPrivateKey must have a value': sign({}, ''),
  'secretOrPrivateKey is not valid key material': sign({}, 5),
  'secretOrPrivateKey must be a symmetric key when using …': sign({}, RSA.privateKey, { algorithm: 'HS256' }),
  'secretOrPrivateKey must be an asymmetric key when using …': sign({}, SECRET, { algorithm: 'ES256' }),
  'secretOrPrivateKey has a minimum key size of 2048 bits for …': sign({}, RSA_SHORT.privateKey, { algorithm: 'PS256' }),
  'payload is required': sign(undefined, SECRET),
  'invalid … option for … payload': sign('text', SECRET, { expiresIn: 1, issuer: 'a' }),
  'Bad "options.expiresIn" option the payload already has an "exp" property.': sign({ exp: 1 }, SECRET, { expiresIn: 1 }),
  'Bad "options.notBefore" option the payload already has an "nbf" property.': sign({ nbf: 1 }, SECRET, { notBefore: 1 }),
  '"notBefore" should be a number of seconds or string representing a timespan eg: "1d", "20h", 60': sign({}, SECRET, {
    notBefore: 'soon',
  }),
  '"expiresIn" should be a number of seconds or string representing a timespan eg: "1d", "20h", 60': sign({}, SECRET, {
    expiresIn: 'never',
  }),
  'Bad "options.…" option. The payload already has an "…" property.': sign({ jti: 'a' }, SECRET, { jwtid: 'a' }),
  'Unknown key type "…".': sign({}, ED448.privateKey, { algorithm: 'RS256' }),
  '"alg" parameter for "…" key type must be one of: ….': sign({}, P256.privateKey, { algorithm: 'RS256' }),
  '"alg" parameter "…" requires curve "…".': sign({}, P384.privateKey, { algorithm: 'ES256' }),
  'Invalid key for this operation, its RSA-PSS parameters do not meet the requirements of "alg" ….': sign({}, PSS.privateKey, {
    algorithm: 'PS384',
  }),
  'Invalid key for this operation, its RSA-PSS parameter saltLength does not meet the requirements of "alg" ….': sign(
    {},
    PSS_SALTY.privateKey,
    { algorithm: 'PS256' },
  ),
  'clockTimestamp must be a number': verify({}, { clockTimestamp: 'now' }),
  'nonce must be a non-empty string': verify({}, { nonce: ' ' }),
  'allowInvalidAsymmetricKeyTypes must be a boolean': verify({}, { allowInvalidAsymmetricKeyTypes: 1 }),
  'jwt must be provided': verifyToken('', SECRET),
  'jwt must be a string': verifyToken({}, SECRET),
  'jwt malformed': verifyToken('a.b', SECRET),
  'invalid token': verifyToken('a.b.c', SECRET),
  'verify must be called asynchronous if secret or public key is provided as a callback': verifyToken(RIGHT, () => {}),
  'error in secret or public key callback: …': ({ verify }) => {
    const find = (_: unknown, callback: (error: Error) => void) => callback(new Error('no such key'));
    verify(RIGHT, find, (error: Error) => {
      throw error;
    });
  },
  'jwt signature is required': verifyToken(UNSIGNED, SECRET),
  'secret or public key must be provided': verifyToken(RIGHT, ''),
  'please specify "none" in "algorithms" to verify unsigned tokens': verifyToken(UNSIGNED, ''),
  'secretOrPublicKey is not valid key material': verifyToken(RIGHT, 5),
  'invalid algorithm': verify({}, { algorithms: ['HS384'] }),
  'secretOrPublicKey must be a symmetric key when using …': verifyToken(RIGHT, RSA.publicKey, { algorithms: ['HS256'] }),
  'secretOrPublicKey must be an asymmetric key when using …': verifyToken(RS256, SECRET, { algorithms: ['RS256'] }),
  'invalid signature': verify({}, {}, 'another secret'),
  'invalid nbf value': verifyToken(signed({ nbf: 'soon' }), SECRET),
  'jwt not active': verify({ nbf: FAR }),
  'invalid exp value': verifyToken(signed({ exp: 'never' }), SECRET),
  'jwt expired': verify({ exp: 1 }),
  'jwt audience invalid. expected: …': verify({ aud: 'a' }, { audience: ['b', /c/] }),
  'jwt issuer invalid. expected: …': verify({ iss: 'a' }, { issuer: ['b', 'c'] }),
  'jwt subject invalid. expected: …': verify({ sub: 'a' }, { subject: 'b' }),
  'jwt jwtid invalid. expected: …': verify({ jti: 'a' }, { jwtid: 'b' }),
  'jwt nonce invalid. expected: …': verify({}, { nonce: 'b' }),
  'iat required when maxAge is specified': verifyToken(signed({}), SECRET, { maxAge: 1 }),
  '"maxAge" should be a number of seconds or string representing a timespan eg: "1d", "20h", 60': verify({}, {
    maxAge: 'long',
  }),
  'maxAge exceeded': verify({ iat: 1 }, { maxAge: '1h' }),
};

/** What we say instead, by the deviation's name. */
const DEVIATIONS: Record<string, string> = {
  'please specify "none" in "algorithms" to verify unsigned tokens': 'jwt signature is required',
};

test('the table has every message of jsonwebtoken', () => {
  const folder = dirname(createRequire(import.meta.url).resolve('jsonwebtoken'));
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => /^(lib\/)?\w+\.js$/.test(file));
  const found = files.flatMap((file) => messagesIn(readFileSync(join(folder, file), 'utf8')));
  assert.deepEqual([...new Set(found)].sort(), Object.keys(MESSAGES).sort());
});

for (const [message, call] of Object.entries(MESSAGES)) {
  test(message, () => {
    const expected = outcomeOf(() => call(jsonwebtoken as unknown as Library));
    const pattern = message.split(SOME).map((part) => part.replace(/[^\w ]/g, '\\$&'));
    assert.match(messageOf(expected) ?? 'no error', new RegExp(`^${pattern.join('.+')}$`));

    const actual = outcomeOf(() => call(quash as unknown as Library));
    const deviation = DEVIATIONS[message];
    if (deviation) assert.equal(messageOf(actual), deviation);
    else assert.deepEqual(actual, expected);
  });
}

/** A token with claims that `sign` would not take. */
function signed(claims: object): string {
  return jsonwebtoken.sign(JSON.stringify(claims), SECRET);
}

/** The messages of the errors that a source makes, with `…` for what is not constant. */
function messagesIn(source: string): string[] {
  const expressions = [...source.matchAll(/new \w*Error\((.*)|message: ('.*')/g)].map(([, made, stated]) => made ?? stated!);
  return expressions
    .map((expression) => {
      const text = expression.replace(/\.join\([^)]*\)/g, '').replace(/, new Date.*/, '');
      const parts = text.split(/ \+ /).map((part) => /^\(*(['`])(.*)\1\)*/.exec(part)?.[2] ?? SOME);
      return parts.join('').replace(/\$\{[^}]*\}/g, SOME);
    })
    .filter((message) => message !== SOME);
}
