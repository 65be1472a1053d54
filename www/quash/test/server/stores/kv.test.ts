import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { type KvNamespace, type StoreError, kv } from 'quash/kv';
import { getPlatformProxy } from 'wrangler';

import { conforms } from './conformance.ts';
import { LATER, merge, row } from './entries.ts';

// Nothing here is for others to know, or to be asked of them.
Object.assign(process.env, { CLOUDFLARE_CF_FETCH_ENABLED: 'false', WRANGLER_SEND_METRICS: 'false' });

/** A namespace of the local Workers KV, which workerd runs. */
async function start() {
  const folder = await mkdtemp(join(tmpdir(), 'quash-kv-'));
  const configPath = join(folder, 'wrangler.json');
  const kv_namespaces = [{ binding: 'KV', id: 'denylist' }];
  await writeFile(configPath, JSON.stringify({ name: 'kv', compatibility_date: '2026-11-01', kv_namespaces }));
  const { env, dispose } = await getPlatformProxy<{ KV: Namespace }>({ configPath, persist: false });
  const stop = () => dispose().finally(() => rm(folder, { recursive: true, force: true }));
  return { namespace: env.KV, [Symbol.asyncDispose]: stop };
}

/** What a test asks of it besides. */
interface Namespace extends KvNamespace {
  list(): Promise<{ keys: { expiration?: number }[] }>;
}

conforms(
  'Workers KV',
  async () => {
    const { namespace, ...place } = await start();
    return { ...place, open: async () => kv(namespace) };
  },
  { isAtomic: false, hasLog: false },
);

test('an entry is kept until it expires, and a minute at least', async () => {
  await using place = await start();
  const store = kv(place.namespace);
  const now = Date.now();
  await store.append([row(1, 'a', LATER + 1), row(2, 'a', now + 1000), row(3, 'a', now - 1000)], merge);
  const expirations = (await place.namespace.list()).keys.map(({ expiration }) => expiration ?? 0);
  assert.equal(expirations[0], Math.ceil((LATER + 1) / 1000));
  for (const expiration of expirations.slice(1)) assert.ok(expiration * 1000 - now >= 61_000 && expiration * 1000 - now < 120_000);
});

test('an entry is stored as docs/denylist.md says, and repeating it writes nothing', async () => {
  const [entries, puts] = [new Map<string, string>(), [] as string[]];
  const namespace: KvNamespace = {
    get: async (keys) => new Map(keys.map((key) => [key, entries.get(key) ?? null])),
    put: async (key, value) => {
      puts.push(key);
      entries.set(key, value);
    },
  };
  const store = kv(namespace);
  await store.append([row(1, 'a'), row(1, 'b'), row(2, 'a')], merge);
  assert.deepEqual(puts, [row(1, '').key, row(2, '').key]);
  assert.deepEqual([...entries.values()], [row(1, ['a', 'b']).entry, row(2, 'a').entry]);
  await store.append([row(1, 'b'), row(2, 'a')], merge);
  assert.equal(puts.length, 2);
});

test('an entry that cannot be read is no miss', async () => {
  await using place = await start();
  await place.namespace.put(row(1, '').key, 'whatever', { expiration: Math.ceil(LATER / 1000) });
  await assert.rejects(kv(place.namespace).lookUp([row(1, '').key]), { name: 'StoreError', code: 'store_incomplete' });
});

test('a namespace that fails, or hangs, is an outage', async ({ mock }) => {
  const failing = kv({ get: () => Promise.reject(new Error('KV GET failed')), put: async () => {} });
  await assert.rejects(failing.lookUp(['a']), (error: StoreError) => {
    assert.equal(error.code, 'store_unavailable');
    assert.match(String(error.cause), /KV GET failed/);
    return true;
  });
  await assert.rejects(failing.append([row(1, 'a')], merge), { code: 'store_unavailable' });
  mock.timers.enable({ apis: ['setTimeout'] });
  const hanging = kv({ get: () => new Promise(() => {}), put: async () => {} });
  const lookUp = hanging.lookUp(['a']);
  mock.timers.tick(3000);
  await assert.rejects(lookUp, { code: 'store_unavailable', message: /3000 ms/ });
});
