/** Promise "no evasion": a revoked token in any other spelling is refused, as malformed or as revoked. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { call, logout } from './requests.ts';
import { type Edge, start } from './server.ts';
import { KINDS, token } from './tokens.ts';

let edge: Edge;
before(async () => {
  edge = await start();
});
after(() => edge.stop());

/** The order of P-256: (r, n - s) is as valid a signature as (r, s). */
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

type Spelling = (token: string) => string;

const onSignature = (change: (signature: string) => string): Spelling => (token) => {
  const dot = token.lastIndexOf('.') + 1;
  return token.slice(0, dot) + change(token.slice(dot));
};

/** Sets the bits of the last letter that decode to nothing. */
const spareBits = onSignature((signature) => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const spare = { 0: 0, 2: 0b1111, 3: 0b11 }[signature.length % 4] ?? 0;
  return signature.slice(0, -1) + alphabet[alphabet.indexOf(signature.slice(-1)) | spare];
});

const twin = onSignature((signature) => {
  const bytes = Buffer.from(signature, 'base64url');
  const s = BigInt(`0x${bytes.subarray(32).toString('hex')}`);
  const negated = Buffer.from((N - s).toString(16).padStart(64, '0'), 'hex');
  return Buffer.concat([bytes.subarray(0, 32), negated]).toString('base64url');
});

/** A signature of r ‖ s as DER, which some verifiers take as well. */
const der = onSignature((signature) => {
  const integer = (bytes: Buffer) => {
    const positive = bytes[0]! & 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
    return Buffer.concat([Buffer.of(2, positive.length), positive]);
  };
  const bytes = Buffer.from(signature, 'base64url');
  const body = Buffer.concat([integer(bytes.subarray(0, 32)), integer(bytes.subarray(32))]);
  return Buffer.concat([Buffer.of(0x30, body.length), body]).toString('base64url');
});

const spellings: Record<string, Spelling> = {
  'as it is': (token) => token,
  'with padding': (token) => `${token}=`,
  'with all its padding': (token) => token.split('.').map((part) => part + '='.repeat(-part.length & 3)).join('.'),
  'with spare bits': spareBits,
  'in plain base64': (token) => token.replaceAll('-', '+').replaceAll('_', '/') + '=',
  'with a space inside': onSignature((signature) => `${signature.slice(0, 9)} ${signature.slice(9)}`),
  'with a tab at its end': (token) => `${token}\t.`,
  'with an empty fourth segment': (token) => `${token}.`,
  'with a fourth segment': (token) => `${token}.e30`,
  'with its signature in upper case': onSignature((signature) => signature.toUpperCase()),
  'with a longer signature': onSignature((signature) => `${signature}AAAA`),
  'with an encoded letter': onSignature((signature) => `${signature.slice(0, -1)}%41`),
};

for (const alg of KINDS) {
  describe(alg, () => {
    for (const claims of [{}, { jti: undefined }]) {
      test('jti' in claims ? 'without a jti' : 'with a jti', async () => {
        const mine = await token({ alg, claims });
        assert.equal((await call(edge, mine)).status, 200);
        await logout(edge, mine);
        const more = alg === 'ES256' ? { 'with its twin signature': twin, 'with a DER signature': der } : {};
        for (const [name, spell] of Object.entries({ ...spellings, ...more })) {
          const answer = await call(edge, spell(mine));
          assert.equal(answer.status, 401, `${name}: ${answer.status}`);
          assert.notEqual(answer.code, 'token_missing', name);
        }
      });
    }
  });
}

test('the twin signature is a valid one: only its revocation stands between it and the origin', async () => {
  const mine = await token({ alg: 'ES256' });
  assert.notEqual(twin(mine), mine);
  assert.equal((await call(edge, twin(mine))).status, 200);
  await logout(edge, mine);
  assert.equal((await call(edge, twin(mine))).code, 'token_revoked');
});
