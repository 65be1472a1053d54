/** However many tokens come through one engine, it takes no more memory than it is allowed to. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { test } from 'node:test';

import { Engine, Status } from '../../www/quash/dist/edge/engine.js';
import { ROOT } from '../../www/demo/wrangler.ts';
import { ISSUER, now } from './tokens.ts';

const TOKENS = 1_000_000;
/** What the engine allows the tokens that it remembers, by its own count, which is on the safe side. */
const MAX_BYTES = 16 << 20;
const SECRET = 'hs256-secret-of-the-tests-0123456789';

const variables = {
  PEPPER: 'pepper-of-the-tests-0123456789abcdef',
  SECRET,
  QUASH: {
    origin: { url: 'https://origin.example' },
    peppers: ['PEPPER'],
    routes: [{ path: '/*', mode: 'danger_isolate' }],
    issuers: [{ issuer: ISSUER, audiences: ['api'], max_lifetime: 900, keys: [{ alg: 'HS256', secret: 'SECRET' }] }],
  },
};

test('a million tokens, each of which comes twice', async (context) => {
  const module = await WebAssembly.compile(await readFile(resolve(ROOT, 'www/quash/wasm-engine/quash_engine.wasm')));
  const engine = new Engine(module, JSON.stringify(variables));
  const [iat, time] = [now(), Date.now()];
  const header = base64url({ alg: 'HS256' });
  for (let number = 0; number < TOKENS; number += 1) {
    const input = `${header}.${base64url({ iss: ISSUER, sub: `user-${number}`, aud: 'api', iat, exp: iat + 800, jti: `${number}` })}`;
    const token = `Bearer ${input}.${createHmac('sha256', SECRET).update(input).digest('base64url')}`;
    const head = { url: 'https://api.example/', authorization: token, cookie: '', isPreflight: false };
    assert.equal(engine.begin(head, time, time), Status.Admit);
    assert.equal(engine.begin(head, time, time), Status.Admit);
  }
  context.diagnostic(`${(engine.memory / (1 << 20)).toFixed(1)} MB`);
  assert.ok(engine.memory <= MAX_BYTES, `${engine.memory} bytes`);
});

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
