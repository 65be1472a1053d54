/** Keys that an issuer publishes: found, rotated, withdrawn, and kept through whatever happens to the issuer. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { type Issuer, type SigningKey, faults, newKey, slowly, startIssuer } from './issuer.ts';
import { call, logout } from './requests.ts';
import { type Edge, GUARDS, start } from './server.ts';

const FAULTS = Object.entries(faults);
/** How soon after a failure an issuer is asked again, and how soon after a success for an unknown key. */
const RETRY_MS = 2_000;
const COOL_DOWN_MS = 30_000;
/** The shortest time for which keys are taken as they were read. */
const MIN_LIFETIME_MS = 60_000;

// All at once, each with an issuer of its own: some of them wait for a minute.
describe('keys', { concurrency: true }, () => {
  for (const guard of GUARDS) describe(guard, { concurrency: true }, () => {
    const names = ['slow', 'metadata', 'foreign', 'flooded', 'rotated', 'withdrawn', 'broken', ...FAULTS.map(([name]) => name)];
    const issuers = new Map<string, { issuer: Issuer; key: SigningKey }>();
    let edge: Edge;

    before(async () => {
      for (const name of names) {
        const [issuer, key] = [await startIssuer(), newKey()];
        issuer.keys = [key];
        issuers.set(name, { issuer, key });
      }
      const configured = [...issuers].map(([name, { issuer: { url } }]) => ({
        issuer: name === 'foreign' ? `${url}/` : url,
        audiences: ['api'],
        max_lifetime: 900,
        ...(name === 'metadata' || name === 'foreign'
          ? { metadata: `${url}/.well-known/openid-configuration` }
          : { jwks_uri: `${url}/jwks` }),
      }));
      edge = await start({ guard, quash: { issuers: configured } });
    });
    after(async () => {
      await edge?.stop();
      for (const { issuer } of issuers.values()) issuer.stop();
    });
    const its = (name: string) => issuers.get(name)!;

    test('are read once, by many requests at a time', async () => {
      const { issuer, key } = its('slow');
      issuer.fault = slowly(issuer, 300);
      const tokens = await Promise.all(Array.from({ length: 20 }, () => issuer.token(key)));
      const answers = await Promise.all(tokens.map((token) => call(edge, token)));
      assert.deepEqual(answers.map(({ status, code }) => code ?? status), Array(20).fill(200));
      assert.equal(issuer.asked('/jwks'), 1);
    });

    test('are found where the issuer’s metadata say', async () => {
      const { issuer, key } = its('metadata');
      assert.equal((await call(edge, await issuer.token(key))).status, 200);
      assert.equal((await logout(edge, await issuer.token(key))).body.outcome, 'revoked');
      assert.equal(issuer.asked('/.well-known/openid-configuration'), 1);
    });

    test('are not read where metadata are about another issuer', async () => {
      const { issuer, key } = its('foreign');
      const { status, code } = await call(edge, await issuer.token(key, { claims: { iss: `${issuer.url}/` } }));
      assert.deepEqual([status, code, issuer.asked('/jwks')], [503, 'keys_unavailable', 0]);
    });

    test('that nobody knows cost the issuer one question, however many are asked for', async () => {
      const { issuer, key } = its('flooded');
      issuer.age = 299;
      assert.equal((await call(edge, await issuer.token(key))).status, 200);
      const asked = issuer.asked('/jwks');
      for (let round = 0; round < 4; round++) {
        const tokens = await Promise.all(Array.from({ length: 25 }, () => issuer.token(newKey())));
        const answers = await Promise.all(tokens.map((token) => call(edge, token)));
        assert.ok(answers.every(({ code }) => code === 'key_unknown'));
      }
      assert.ok(issuer.asked('/jwks') - asked <= 1, `${issuer.asked('/jwks') - asked} questions`);
      assert.equal((await call(edge, await issuer.token(key))).status, 200);
    });

    test('that are new are found as soon as they sign, once the issuer may be asked again', async () => {
      const { issuer, key } = its('rotated');
      assert.equal((await call(edge, await issuer.token(key))).status, 200);
      const next = newKey();
      issuer.keys = [key, next];
      await delay(COOL_DOWN_MS + 1_000);
      assert.equal((await call(edge, await issuer.token(next))).status, 200);
      assert.equal((await call(edge, await issuer.token(key))).status, 200);
    });

    test('that are withdrawn verify nothing any more, not even what they have verified', async () => {
      const { issuer, key } = its('withdrawn');
      issuer.cacheControl = 'max-age=1';
      const token = await issuer.token(key);
      assert.equal((await call(edge, token)).status, 200);
      issuer.keys = [newKey()];
      await delay(MIN_LIFETIME_MS + 1_000);
      // It goes on with what is there, while somebody looks.
      await call(edge, token);
      await delay(1_000);
      assert.equal((await call(edge, token)).code, 'key_unknown');
    });

    test('that nobody can use are an outage of their issuer', async () => {
      const { issuer, key } = its('broken');
      // No point of the curve: only who imports it finds out.
      const offCurve = { ...newKey(), published: { y: Buffer.alloc(32, 1).toString('base64url') } };
      issuer.keys = [key, offCurve];
      const { status, code } = await call(edge, await issuer.token(offCurve));
      assert.deepEqual([status, code], [503, 'keys_unavailable']);
      assert.equal((await logout(edge, await issuer.token(offCurve))).status, 503);
      assert.equal((await call(edge, await issuer.token(key))).status, 200);
    });

    for (const [name, fault] of FAULTS) {
      test(`${name} is an outage, until the issuer is back`, async () => {
        const { issuer, key } = its(name);
        issuer.fault = fault;
        const token = await issuer.token(key);
        const { status, code, headers } = await call(edge, token);
        assert.deepEqual([status, code], [503, 'keys_unavailable']);
        assert.match(headers.get('retry-after') ?? '', /^\d+$/);
        // Who asks again at once does not have the issuer asked again.
        await Promise.all(Array.from({ length: 20 }, () => call(edge, token)));
        assert.ok(issuer.asked('/jwks') <= 2, `${issuer.asked('/jwks')} questions`);
        issuer.fault = undefined;
        await delay(RETRY_MS + 200);
        assert.equal((await call(edge, token)).status, 200);
      });
    }
  });
});
