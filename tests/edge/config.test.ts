/** A wrong configuration never serves a request: the Worker does not start, and says which field it is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { call } from './requests.ts';
import { start } from './server.ts';
import { configuredIssuers, rsaPem, token } from './tokens.ts';

const [issuer] = configuredIssuers;

const wrong: Record<string, [Record<string, unknown>, RegExp]> = {
  'a misspelt field': [{ orgin: 'x' }, /QUASH\.orgin: is none of `origin`, `prefix`/],
  'a missing origin': [{ origin: undefined }, /QUASH\.origin: is missing/],
  'a secret that is not set': [{ peppers: ['NO_PEPPER'] }, /QUASH\.peppers\[0\]: no secret `NO_PEPPER` is set/],
  'an unknown algorithm': [
    { issuers: [{ ...issuer, keys: [{ alg: 'none' }] }] },
    /QUASH\.issuers\[0\]\.keys\[0\]\.alg: `none` is none of `HS256`/,
  ],
  'a missing binding': [{ denylist: 'NO_KV' }, /QUASH\.denylist: there is no KV namespace bound as `NO_KV`/],
};

for (const [name, [quash, message]] of Object.entries(wrong)) {
  test(`${name} is named`, async () => {
    await assert.rejects(start({ quash }), message);
  });
}

test('a key that WebCrypto cannot import is our fault, not the bearer’s', async () => {
  const pem = rsaPem.replace(/\n.{64}/, `\n${'A'.repeat(64)}`);
  const edge = await start({ quash: { issuers: [{ ...issuer, keys: [{ kid: 'RS256', alg: 'RS256', pem }] }] } });
  try {
    const answer = await call(edge, await token({ alg: 'RS256' }));
    assert.deepEqual([answer.status, answer.code], [500, 'configuration_invalid']);
    assert.doesNotMatch(JSON.stringify(answer.body), /RS256|pem/);
  } finally {
    await edge.stop();
  }
});

test('a Worker that could guard routes of its own starts without an origin, and answers 500 where it had to send something there', async () => {
  await assert.rejects(start({ guard: 'rust', quash: { origin: undefined } }), /answers 500: .*"configuration_invalid"/);
});
