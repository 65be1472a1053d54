/** Keys, in all the ways that they may be given. */
import assert from 'node:assert/strict';
import crypto, { createSecretKey, type KeyObject } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { describe, test } from 'node:test';

import jsonwebtoken from 'jsonwebtoken';
import { sign, verify, type Jwk, type PrivateKey, type PublicKey, type Secret } from 'quash/server';

import { BoundedMap } from '../../src/server/bounded-map.ts';
import { ED25519, ED448, encryptedPem, P256, P384, P521, pem, RSA, SECRET, type KeyPair } from './keys.ts';
import { messageOf, outcomeOf } from './outcome.ts';

const jwk = (key: KeyObject) => key.export({ format: 'jwk' }) as Jwk;
const der = (key: KeyObject, type: 'pkcs8' | 'spki') => ({ key: key.export({ format: 'der', type } as never), format: 'der', type });

describe('jsonwebtoken takes them, too', () => {
  const KEYS: Record<string, [privateKey: unknown, publicKey: unknown]> = {
    'a secret': [SECRET, Buffer.from(SECRET)],
    'bytes of a secret': [new Uint8Array(Buffer.from(SECRET)), createSecretKey(Buffer.from(SECRET))],
    PEM: [pem(RSA.privateKey), pem(RSA.publicKey)],
    'bytes of a PEM': [Buffer.from(pem(P256.privateKey)), new Uint8Array(Buffer.from(pem(P256.publicKey)))],
    'a PEM of PKCS #1': [
      RSA.privateKey.export({ format: 'pem', type: 'pkcs1' }),
      RSA.publicKey.export({ format: 'pem', type: 'pkcs1' }),
    ],
    'the private key, to verify': [pem(P384.privateKey), pem(P384.privateKey)],
    KeyObject: [P521.privateKey, P521.publicKey],
    'with a passphrase': [{ key: encryptedPem(RSA.privateKey, 'open'), passphrase: 'open' }, { key: pem(RSA.publicKey) }],
    DER: [der(RSA.privateKey, 'pkcs8'), der(RSA.publicKey, 'spki')],
    'JWK with its format': [
      { key: jwk(P256.privateKey), format: 'jwk' },
      { key: jwk(P256.publicKey), format: 'jwk' },
    ],
  };
  const ALGORITHMS = ['HS256', 'RS256', 'ES256', 'ES384', 'ES512'] as const;

  for (const [name, [privateKey, publicKey]] of Object.entries(KEYS)) {
    test(name, () => {
      for (const [signer, verifier] of [
        [sign, jsonwebtoken.verify],
        [jsonwebtoken.sign, verify],
      ] as [typeof sign, typeof verify][]) {
        const signed = ALGORITHMS.map((algorithm) => outcomeOf(() => signer({ sub: 'user' }, privateKey as Secret, { algorithm })));
        const tokens = signed.flatMap((outcome) => ('value' in outcome ? [outcome.value as string] : []));
        assert.equal(tokens.length, 1);
        assert.equal((verifier(tokens[0]!, publicKey as PublicKey) as { sub: string }).sub, 'user');
      }
    });
  }
});

describe('JWK: an object with `kty` is a key (RFC 7517)', () => {
  for (const [algorithm, { privateKey, publicKey }] of [
    ['RS256', RSA],
    ['ES256', P256],
    ['EdDSA', ED25519],
  ] as ['RS256', KeyPair][]) {
    test(algorithm, () => {
      const token = sign({ sub: 'user' }, jwk(privateKey), { algorithm });
      for (const key of [publicKey, jwk(publicKey), jwk(privateKey)]) assert.ok(verify(token, key));
      const message = messageOf(outcomeOf(() => sign({}, jwk(publicKey), { algorithm })));
      assert.equal(message, `secretOrPrivateKey must be an asymmetric key when using ${algorithm}`);
    });
  }

  test('oct', () => {
    const key = { kty: 'oct', k: Buffer.from(SECRET).toString('base64url') };
    assert.ok(verify(sign({}, key), SECRET));
    assert.ok(verify(sign({}, SECRET), key));
  });

  test('what is none', () => {
    for (const key of [{ kty: 'oct' }, { kty: 'oct', k: 'not base64url!' }, { kty: 'RSA' }, { kty: 'constructor' }]) {
      assert.equal(messageOf(outcomeOf(() => sign({}, key))), 'secretOrPrivateKey is not valid key material');
      assert.equal(messageOf(outcomeOf(() => verify(sign({}, SECRET), key))), 'secretOrPublicKey is not valid key material');
    }
    assert.equal(messageOf(outcomeOf(() => sign({}, { kty: 'oct', k: '' }))), 'secretOrPrivateKey must have a value');
  });
});

describe('EdDSA with Ed25519 (RFC 8037)', () => {
  test('signs and verifies', () => {
    // RFC 8037 appendix A.4.
    const key = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
    const d = 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A';
    const input = 'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc';
    const signature = 'hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg';
    assert.equal(verify(`${input}.${signature}`, key), 'Example of Ed25519 signing');
    assert.equal(sign('Example of Ed25519 signing', { ...key, d }, { algorithm: 'EdDSA' }), `${input}.${signature}`);
  });

  test('only with its keys', () => {
    const message = (key: PrivateKey | Secret) => messageOf(outcomeOf(() => sign({}, key, { algorithm: 'EdDSA' })));
    assert.equal(message(SECRET), 'secretOrPrivateKey must be an asymmetric key when using EdDSA');
    assert.equal(message(ED448.privateKey), 'Unknown key type "ed448".');
    assert.match(message(RSA.privateKey) ?? '', /^"alg" parameter for "rsa" key type must be one of/);
    const token = sign({}, ED25519.privateKey, { algorithm: 'EdDSA' });
    assert.equal(messageOf(outcomeOf(() => verify(token, RSA.publicKey))), 'invalid algorithm');
    assert.equal(messageOf(outcomeOf(() => verify(sign({}, SECRET), ED25519.publicKey))), 'invalid algorithm');
  });
});

describe('keys that are strings are remembered', () => {
  test('and read once', (t) => {
    const creating = [t.mock.method(crypto, 'createPublicKey'), t.mock.method(crypto, 'createPrivateKey')];
    syncBuiltinESMExports();
    const [privateKey, publicKey] = [pem(P521.privateKey), pem(P521.publicKey)];
    for (let n = 0; n < 3; n++) verify(sign({}, privateKey, { algorithm: 'ES512' }), publicKey);
    assert.deepEqual(creating.map(({ mock }) => mock.callCount()), [1, 1]);
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });

  test('the newest of them', () => {
    const map = new BoundedMap<number>(2);
    for (const [n, key] of ['a', 'b', 'c'].entries()) map.set(key, n);
    assert.deepEqual(['a', 'b', 'c'].map((key) => map.get(key)), [undefined, 1, 2]);
  });

  test('each for what it is', () => {
    const key = pem(P256.privateKey);
    for (let n = 0; n < 2; n++) assert.ok(verify(sign({}, key, { algorithm: 'ES256' }), key));
  });

  test('not more of them than fit', () => {
    const secrets = Array.from({ length: 1000 }, (_, n) => `secret ${n}`);
    const tokens = secrets.map((secret) => sign({ secret }, secret));
    for (const [n, token] of [...tokens.entries(), ...tokens.entries()]) {
      assert.equal((verify(token, secrets[n]!) as { secret: string }).secret, secrets[n]);
      assert.equal(messageOf(outcomeOf(() => verify(token, `${secrets[n]}!`))), 'invalid signature');
    }
  });

  test('bytes are not: they may be others the next time', () => {
    const secret = Buffer.from(SECRET);
    const token = sign({}, secret);
    assert.ok(verify(token, secret));
    secret.fill(0);
    assert.equal(messageOf(outcomeOf(() => verify(token, secret))), 'invalid signature');
  });
});

describe('headers of good tokens are remembered', () => {
  test('and given away as copies', () => {
    const token = sign({}, SECRET, { keyid: 'key-1' });
    for (let n = 0; n < 3; n++) {
      const { header } = verify(token, SECRET, { complete: true });
      assert.deepEqual(header, { alg: 'HS256', typ: 'JWT', kid: 'key-1' });
      Object.assign(header, { alg: 'none', crit: [] });
      const find = (found: object, callback: (error: null, key: string) => void) => {
        Object.assign(found, { alg: 'none', crit: [] });
        callback(null, SECRET);
      };
      verify(token, find, (error) => assert.equal(error, null));
    }
  });
});
