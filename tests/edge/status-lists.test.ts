/** Status lists that an issuer publishes: read where the configuration permits, believed where they are the issuer's, and else an outage. */
import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { deflateSync } from 'node:zlib';

import { faults, newKey } from './issuer.ts';
import { type Answer, call } from './requests.ts';
import { type Edge, GUARDS, start } from './server.ts';
import { INVALID, type Lists, type Published, SUSPENDED, VALID, startLists } from './status-lists.ts';
import { now, rsaPem, signingKeys, token } from './tokens.ts';

/** The shortest time for which a list is taken as it was read, and how soon after a failure it is tried again. */
const MIN_LIFETIME_MS = 10_000;
const RETRY_MS = 5_000;

/** What is wrong with a list, beside the one that is right, and what the log says of it. */
const forged: Readonly<Record<string, readonly [(uri: string) => Published, RegExp]>> = {
  'of another key': [() => ({ key: newKey().key }), /signature does not match/],
  'of a key that is not the issuer’s': [() => ({ header: { kid: 'nobody' } }), /signing key is not known/],
  'of another list': [(uri) => ({ claims: { sub: `${uri}/other` } }), /`sub` is not where it was read/],
  'of another issuer': [() => ({ claims: { iss: 'https://evil.example' } }), /issuer is not known/],
  'of no type': [() => ({ header: { typ: undefined } }), /is not of the kind/],
  'of a token’s type': [() => ({ header: { typ: 'JWT' } }), /is not of the kind/],
  'signed with the public key as a secret': [
    () => ({ alg: 'HS256', key: new TextEncoder().encode(rsaPem), header: { kid: 'rsa' } }),
    /algorithm is not the one its key is for/,
  ],
  'that has expired': [() => ({ claims: { exp: now() - 60 } }), /has expired/],
  'of tomorrow': [() => ({ claims: { iat: now() + 3600 } }), /not valid yet/],
  'without a time': [() => ({ claims: { iat: undefined } }), /no `iat` claim/],
  'of three bits': [() => ({ claims: { status_list: { bits: 3, lst: 'eNrbuRgAAhcBXQ' } } }), /claim `status_list` is of the wrong type/],
  'that is not compressed': [() => ({ lst: Buffer.from('not zlib').toString('base64url') }), /Decompression failed/],
  'that is cut short': [
    () => ({ lst: deflateSync(Buffer.alloc(1000, 0)).subarray(0, 9).toString('base64url') }),
    /incomplete data/,
  ],
  'that inflates without end': [
    () => ({ lst: deflateSync(Buffer.alloc(64 * 1024 * 1024), { level: 9 }).toString('base64url') }),
    /has more than 2097152 bytes/,
  ],
};
const FAULTS = Object.entries(faults);

describe('status lists', { concurrency: true }, () => {
  for (const guard of GUARDS) describe(guard, { concurrency: true }, () => {
    const key = newKey('k');
    let lists: Lists;
    let edge: Edge;

    before(async () => {
      lists = await startLists(key.key, key.kid);
      const issuer = (name: string, status_lists: object) => ({
        issuer: name,
        audiences: ['api'],
        max_lifetime: 900,
        keys: [
          { kid: key.kid, alg: 'ES256', jwk: createPublicKey(key.key).export({ format: 'jwk' }) },
          { kid: 'rsa', alg: 'RS256', pem: rsaPem },
        ],
        status_lists,
      });
      const uris = [`${lists.url}/lists/`];
      edge = await start({
        guard,
        ledger: { max_staleness: 5 },
        heard: true,
        quash: {
          issuers: [issuer('https://a.example', { uris }), issuer('https://strict.example', { uris, required: true })],
          routes: [
            { path: '/open/*', outage: 'danger_open' },
            { path: '/known/*', outage: 'last_known_good', max_age: 600 },
          ],
        },
      });
    });
    after(async () => {
      await edge?.stop();
      lists?.stop();
    });

    const uriOf = (path: string) => `${lists.url}${path}`;
    const inList = (uri: string, idx: unknown, iss = 'https://a.example') =>
      token({ alg: 'ES256', key: key.key, header: { kid: key.kid }, claims: { iss, status: { status_list: { idx, uri } } } });
    const callAt = async (path: string, idx: number, route = '/api') => call(edge, await inList(uriOf(path), idx), route);
    const outcome = ({ status, code }: Answer) => code ?? status;
    const outcomes = async (path: string, indices: readonly number[], route = '/api') =>
      Promise.all(indices.map(async (idx) => outcome(await callAt(path, idx, route))));

    test('say which tokens are in force, with one read for all', async () => {
      const path = '/lists/1';
      lists.at.set(path, { statuses: [VALID, INVALID, SUSPENDED, 3, VALID], claims: { exp: now() + 600, ttl: 300 } });
      const expected = [200, 'token_revoked', 'token_suspended', 'token_status_refused', 200];
      assert.deepEqual(await outcomes(path, [0, 1, 2, 3, 4]), expected);
      assert.deepEqual(await outcomes(path, [0, 1, 2, 3, 4]), expected);
      assert.equal(lists.times(path), 1);
      assert.equal(lists.accepted, 'application/statuslist+jwt');
      const { headers } = await callAt(path, 2);
      assert.match(headers.get('www-authenticate') ?? '', /error="invalid_token", error_description="token_suspended"/);
    });

    test('are read as the standard’s examples are written', async () => {
      const vectors = JSON.parse(await readFile(new URL('../vectors/status-lists.json', import.meta.url), 'utf8')) as {
        bits: number;
        lst: string;
        statuses: [number, number][];
      }[];
      for (const [number, { bits, lst, statuses }] of vectors.entries()) {
        const path = `/lists/vector-${number}`;
        lists.at.set(path, { bits, lst });
        for (const [idx, status] of statuses.slice(0, 16)) {
          const expected = [200, 'token_revoked', 'token_suspended'][status] ?? 'token_status_refused';
          assert.equal(outcome(await callAt(path, idx)), expected, `${path} ${idx}`);
        }
        assert.equal(lists.times(path), 1);
      }
    });

    test('are asked about each time, also for a token that came before', async () => {
      const path = '/lists/changes';
      lists.at.set(path, { statuses: [VALID], claims: { ttl: 1 } });
      const text = await inList(uriOf(path), 0);
      for (let times = 0; times < 3; times++) assert.equal((await call(edge, text)).status, 200);
      assert.equal(lists.times(path), 1);
      lists.at.set(path, { statuses: [INVALID], claims: { ttl: 1 } });
      await delay(MIN_LIFETIME_MS + 1_000);
      // What was read is too old now, so the request waits for what is read anew: however little its list says that it keeps.
      assert.equal((await call(edge, text)).code, 'token_revoked');
    });

    test('may be signed with any key of the issuer’s', async () => {
      const path = '/lists/rsa';
      lists.at.set(path, { statuses: [VALID, INVALID], alg: 'RS256', key: signingKeys.RS256, header: { kid: 'rsa' } });
      assert.deepEqual(await outcomes(path, [0, 1]), [200, 'token_revoked']);
    });

    test('are not wanted of tokens that name none, unless the issuer says so', async () => {
      const named = (iss: string, claims: object) =>
        token({ alg: 'ES256', key: key.key, header: { kid: key.kid }, claims: { iss, ...claims } });
      for (const [iss, expected] of [['https://a.example', 200], ['https://strict.example', 'claim_missing']] as const) {
        assert.equal(outcome(await call(edge, await named(iss, {}))), expected);
        assert.equal(outcome(await call(edge, await named(iss, { status: { other: 1 } }))), expected);
        assert.equal(outcome(await call(edge, await named(iss, { status: 'active' }))), 'claim_invalid');
      }
      lists.at.set('/lists/strict', { statuses: [VALID] });
      assert.equal((await call(edge, await inList(uriOf('/lists/strict'), 0, 'https://strict.example'))).status, 200);
    });

    test('are read nowhere but where the configuration permits', async () => {
      lists.at.set('/elsewhere', { statuses: [VALID] });
      for (const uri of [
        uriOf('/elsewhere'),
        uriOf('/lists/../elsewhere'),
        uriOf('/lists/%2e%2e/elsewhere'),
        uriOf('/lists/..%2felsewhere'),
        uriOf('/lists//elsewhere'),
        uriOf('/lists/x?elsewhere'),
        uriOf('/lists/x#elsewhere'),
        uriOf('/lists'),
        `${lists.url.replace('http:', 'https:')}/lists/x`,
        `${lists.url.replace('127.0.0.1', 'localhost')}/lists/x`,
        `${lists.url.replace('http://', 'http://user@')}/lists/x`,
        'http://169.254.169.254/latest/meta-data/',
        'file:///etc/passwd',
      ]) {
        for (const route of ['/api', '/open/x']) {
          const { status, code } = await call(edge, await inList(uri, 0), route);
          assert.deepEqual([status, code], [401, 'status_list_refused'], uri);
        }
      }
      assert.ok(!lists.asked.some((path) => path.includes('elsewhere') || path.startsWith('/lists/x')), lists.asked.join());
    });

    test('say nothing of a token behind their end', async () => {
      const path = '/lists/short';
      lists.at.set(path, { statuses: [VALID, VALID, VALID, VALID] });
      assert.deepEqual(await outcomes(path, [3, 4, 2 ** 40]), [200, 'status_list_unavailable', 'status_list_unavailable']);
      assert.deepEqual(await outcomes(path, [4], '/open/x'), [200]);
      assert.equal(lists.times(path), 1);
      assert.equal(outcome(await call(edge, await inList(uriOf(path), -1))), 'claim_invalid');
      assert.equal(outcome(await call(edge, await inList(uriOf(path), '0'))), 'claim_invalid');
    });

    for (const [name, [wrong, problem]] of Object.entries(forged)) {
      test(`${name} are no lists`, async () => {
        const path = `/lists/forged-${Object.keys(forged).indexOf(name)}`;
        lists.at.set(path, { statuses: [VALID], ...wrong(uriOf(path)) });
        const { status, code, headers } = await callAt(path, 0);
        assert.deepEqual([status, code], [503, 'status_list_unavailable']);
        assert.match(headers.get('retry-after') ?? '', /^\d+$/);
        assert.deepEqual(await outcomes(path, [0], '/open/x'), [200]);
        assert.ok(lists.times(path) >= 1);
        const said = (await edge.heard()).log.filter((line) => line.includes(`${uriOf(path)}:`));
        assert.match(said.join('\n').replaceAll(uriOf(path), ''), problem);
        // It was that, and nothing else.
        lists.at.set(path, { statuses: [VALID] });
        for (let tries = 0; outcome(await callAt(path, 0)) !== 200; tries++) {
          assert.ok(tries < 300, 'it is never read again');
          await delay(100);
        }
      });
    }

    test('are gone by in an outage as the route wants it', async () => {
      const path = '/lists/outage';
      lists.at.set(path, { statuses: [VALID, INVALID], claims: { ttl: 1 } });
      assert.deepEqual(await outcomes(path, [0, 1]), [200, 'token_revoked']);
      lists.at.set(path, { fault: (response) => void response.writeHead(500).end() });
      await delay(MIN_LIFETIME_MS + 1_000);
      const invalid = 'token_revoked';
      assert.deepEqual(await outcomes(path, [0, 1]), ['status_list_unavailable', invalid]);
      assert.deepEqual(await outcomes(path, [0, 1], '/known/x'), [200, invalid]);
      assert.deepEqual(await outcomes(path, [9], '/known/x'), ['status_list_unavailable']);
      assert.deepEqual(await outcomes(path, [0, 1, 9], '/open/x'), [200, invalid, 200]);
    });

    test('that have grown are read anew for a token behind the end of what is known', async () => {
      const path = '/lists/grows';
      lists.at.set(path, { statuses: [VALID, VALID, VALID, VALID], claims: { ttl: 300 } });
      assert.deepEqual(await outcomes(path, [0]), [200]);
      lists.at.set(path, { statuses: [VALID, VALID, VALID, VALID, VALID, INVALID], claims: { ttl: 300 } });
      await delay(MIN_LIFETIME_MS);
      assert.deepEqual(await outcomes(path, [4, 5, 0]), [200, 'token_revoked', 200]);
      assert.equal(lists.times(path), 2);
    });

    for (const [name, fault] of FAULTS) {
      test(`that answer with ${name} are an outage, until they are back`, async () => {
        const path = `/lists/fault-${FAULTS.findIndex(([other]) => other === name)}`;
        lists.at.set(path, { fault: (response) => void fault(response) });
        assert.equal(outcome(await callAt(path, 0)), 'status_list_unavailable');
        const since = Date.now();
        const asked = lists.times(path);
        assert.deepEqual(await outcomes(path, Array(20).fill(0)), Array(20).fill('status_list_unavailable'));
        assert.deepEqual(await outcomes(path, [0], '/open/x'), [200]);
        // Who asks again does not have the issuer asked again, but once in a while.
        const reads = lists.times(path) - asked;
        assert.ok(reads <= Math.ceil((Date.now() - since) / RETRY_MS) + 1, `${reads} reads`);
        assert.equal(lists.times('/elsewhere'), 0);
        lists.at.set(path, { statuses: [VALID, INVALID] });
        await delay(RETRY_MS + MIN_LIFETIME_MS);
        assert.deepEqual(await outcomes(path, [0, 1]), [200, 'token_revoked']);
      });
    }

    test('serve no longer than their issuer lets them', async () => {
      const path = '/lists/expires';
      lists.at.set(path, { statuses: [VALID], cacheControl: 'max-age=1' });
      const text = await inList(uriOf(path), 0);
      assert.equal((await call(edge, text)).status, 200);
      lists.at.set(path, { fault: (response) => void response.writeHead(500).end() });
      await delay(MIN_LIFETIME_MS + 1_000);
      assert.equal((await call(edge, text)).code, 'status_list_unavailable');
      assert.equal((await call(edge, text, '/open/x')).status, 200);
    });

    test('are read by one isolate for all of a data centre, and are as old there as they are', async () => {
      const path = '/lists/copied';
      // Another 100 s are left of it.
      lists.at.set(path, { statuses: [VALID, INVALID], cacheControl: 'max-age=300', age: 200 });
      assert.deepEqual(await outcomes(path, [0, 1]), [200, 'token_revoked']);
      await delay(MIN_LIFETIME_MS + 1_000);
      assert.deepEqual(outcome(await call(edge.other, await inList(uriOf(path), 1))), 'token_revoked');
      assert.equal(lists.times(path), 1);
    });
  });
});
