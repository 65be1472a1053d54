/** In Workers: bundled by Wrangler, and run by workerd. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { startWorkers } from '../../www/demo/wrangler.ts';
import { call, get, logout } from '../edge/requests.ts';
import { ISSUER, token } from '../edge/tokens.ts';
import { install, type Project } from './packed.ts';
import { compile } from './types.ts';

let project: Project;

before(async () => {
  project = await install('workers');
});

after(() => project?.remove());

/** The same for all: whose tokens, and where what was revoked is kept. */
const common = {
  compatibility_date: '2026-11-01',
  kv_namespaces: [{ binding: 'QUASH_DENYLIST', id: 'denylist' }],
  vars: {
    QUASH: {
      public: ['/'],
      ledger: {},
      // So that no test has to wait.
      mode: 'strict',
      token: { cookies: ['session'] },
      logout: { cookies: [{ name: 'session' }] },
      issuers: [
        {
          issuer: ISSUER,
          audiences: ['api'],
          max_lifetime: 900,
          keys: [{ kid: 'HS256', alg: 'HS256', secret: 'HS256_SECRET' }],
        },
      ],
    },
    QUASH_PEPPER: 'pepper-of-the-tests-0123456789abcdef',
    HS256_SECRET: 'hs256-secret-of-the-tests-0123456789',
  },
};
const ledger = (script_name?: string) => ({
  durable_objects: { bindings: [{ name: 'QUASH_LEDGER', class_name: 'Ledger', script_name }] },
  ...(script_name === undefined && { migrations: [{ tag: '1', new_sqlite_classes: ['Ledger'] }] }),
});
const DEPLOYED = 'deployed.js';
const guarding = (service: string) => ({ ...common.vars, QUASH: { ...common.vars.QUASH, origin: { service } } });
const services = (binding: string, service: string, entrypoint?: string) => ({ services: [{ binding, service, entrypoint }] });

const DEPLOYMENTS: Readonly<Record<string, readonly { readonly main: string; readonly [option: string]: unknown }[]>> = {
  'a Worker guards its own handler': [{ ...common, name: 'plain', main: 'plain.js', ...ledger() }],
  'an app of Hono leaves the endpoints and the ledger to another Worker': [
    { ...common, name: 'hono', main: 'hono.js', ...ledger('quash'), ...services('ENDPOINTS', 'quash', 'Endpoints') },
    { ...common, name: 'quash', main: DEPLOYED, ...ledger(), vars: guarding('SELF'), ...services('SELF', 'hono') },
  ],
  'the Worker of the package guards an origin': [
    { ...common, name: 'quash', main: DEPLOYED, ...ledger(), vars: guarding('ORIGIN'), ...services('ORIGIN', 'origin') },
    { compatibility_date: common.compatibility_date, name: 'origin', main: 'origin.js' },
  ],
};

for (const [name, workers] of Object.entries(DEPLOYMENTS)) {
  test(name, async () => {
    const configs = await Promise.all(workers.map(write));
    const running = await startWorkers({ cwd: project.folder, configs, port: 0, persist: `state/${name}` });
    try {
      const mine = await token({ claims: { sub: 'ada' } });
      assert.equal((await get(running, '/me')).code, 'token_missing');
      assert.equal((await get(running, '/')).body, 'nobody');
      assert.equal((await call(running, mine, '/me')).body, 'ada');
      assert.equal((await logout(running, mine)).body.outcome, 'revoked');
      assert.equal((await call(running, mine, '/me')).code, 'token_revoked');
      // An origin leaves that to the Worker in front of it.
      if (!workers.some(({ main }) => main === 'origin.js')) {
        const other = await token({ claims: { sub: 'ada' } });
        assert.equal((await call(running, other, '/out')).code, 'token_revoked');
        assert.equal((await call(running, other, '/me')).code, 'token_revoked');
      }
    } finally {
      await running.stop();
    }
  });
}

test('TypeScript 5 finds the types', () => compile(project));

async function write(worker: object, index: number): Promise<string> {
  const file = `wrangler-${index}.json`;
  await writeFile(join(project.folder, file), JSON.stringify(worker));
  return file;
}
