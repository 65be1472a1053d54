import assert from 'node:assert/strict';
import { test } from 'node:test';

import { merge, row, says } from './entries.ts';
import type { Open } from './redis-clients.ts';
import { startRedis, until } from './redis-server.ts';

const UNAVAILABLE = { name: 'StoreError', code: 'store_unavailable' };
const KEY = row(1, '').key;

export function outlastsOutages(name: string, open: Open): void {
  test(`${name}: one that hangs, and one that is gone for a while`, async () => {
    await using server = await startRedis();
    await using store = await open(server.socket, { timeout: 200 });
    const isUp = () => store.lookUp([KEY]).then(() => true, () => false);
    await until(isUp);
    await until(() => store.append([row(1, 'a')], merge).then(() => true, () => false));

    server.freeze();
    await assert.rejects(store.log.read('head'), UNAVAILABLE);
    await assert.rejects(store.lookUp([KEY]), UNAVAILABLE);
    await assert.rejects(store.append([row(1, 'b')], merge), UNAVAILABLE);
    server.thaw();
    await until(isUp);

    await server.kill();
    await assert.rejects(store.log.read('head'), UNAVAILABLE);
    await assert.rejects(store.append([row(1, 'c')], merge), UNAVAILABLE);
    await server.restart();
    // The client itself has to notice, and connect again.
    await until(() => store.append([row(1, 'd')], merge).then(() => true, () => false));
    await until(async () => says((await store.lookUp([KEY]).catch(() => []))[0], row(1, 'd')));
  });
}
