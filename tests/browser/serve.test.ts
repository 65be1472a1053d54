/** What starts and stops the demo, when things go wrong. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { serve } from '../../www/demo/serve.ts';

describe('serve', () => {
  let persist: string;
  before(async () => {
    persist = await mkdtemp(join(tmpdir(), 'quash-serve-'));
  });
  after(() => rm(persist, { recursive: true, force: true }));

  it('says which port is in use', async () => {
    const other = createServer();
    await new Promise<void>((listening) => other.listen(0, '127.0.0.1', listening));
    const { port } = other.address() as AddressInfo;
    await assert.rejects(serve({ port, persist }), { message: `port ${port} is in use: choose another with --port` });
    other.close();
  });

  it('stops when it is told to while it starts', async () => {
    const ending = new AbortController();
    const starting = serve({ port: 0, persist, signal: ending.signal });
    setImmediate(() => ending.abort());
    await assert.rejects(starting);
  });

  it('leaves nobody who answers, and keeps its secrets for the next time', async () => {
    const first = await serve({ port: 0, persist });
    const login = await fetch(`${first.url}/login`, { method: 'POST', body: new URLSearchParams({ name: 'Ada' }) });
    const { token } = await login.json();
    await first.stop();
    await first.closed;
    await assert.rejects(fetch(first.url));

    const second = await serve({ port: 0, persist });
    const account = await fetch(`${second.url}/api/me`, { headers: { Authorization: `Bearer ${token}` } });
    await second.stop();
    assert.equal(account.status, 200);
  });

  it('tells when the server ends by itself', async () => {
    const server = await serve({ port: 0, persist });
    process.kill(-server.pid, 'SIGKILL');
    await assert.rejects(server.closed, /wrangler ended by itself/);
  });
});
