/** What the guard can stand in front of, besides the service binding of all other tests. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { call, get, post } from './requests.ts';
import { type Edge, start } from './server.ts';
import { token } from './tokens.ts';

describe('a server, by its URL', () => {
  let server: Server;
  let edge: Edge;
  before(async () => {
    server = createServer((request, response) => {
      if (request.url === '/moved') return response.writeHead(302, { location: 'https://elsewhere.example/' }).end();
      let body = '';
      request.on('data', (chunk) => (body += chunk));
      return request.on('end', () => {
        const { method, url: path, headers } = request;
        response
          .writeHead(path === '/api/teapot' ? 418 : 200, { 'content-type': 'application/json', 'x-origin': 'yes' })
          .end(JSON.stringify({ method, path, headers, body }));
      });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    edge = await start({ quash: { origin: { url: `http://127.0.0.1:${port}` }, public: ['/', '/moved'] } });
  });
  after(async () => {
    await edge.stop();
    server.closeAllConnections();
    server.close();
  });

  test('gets method, path, query, headers and body, and answers for itself', async () => {
    const authorization = `Bearer ${await token()}`;
    const headers = { authorization, 'content-type': 'text/plain', 'quash-claims': 'forged' };
    const { status, headers: answered, body } = await post(edge, '/api/teapot?a=%20b&c', 'hello', headers);
    assert.equal(status, 200);
    assert.equal(body.path, '/api/teapot?a=%20b&c');
    assert.deepEqual([body.method, body.body, body.headers['content-type']], ['POST', 'hello', 'text/plain']);
    assert.equal(answered.get('x-origin'), 'yes');
    assert.equal(body.headers.authorization, authorization);
    assert.equal(JSON.parse(Buffer.from(body.headers['quash-claims'], 'base64url').toString()).aud, 'api');
    assert.equal((await call(edge, await token(), '/api/teapot')).status, 418);
  });

  test('redirects its client, not the guard', async () => {
    const { status, headers } = await get(edge, '/moved');
    assert.deepEqual([status, headers.get('location')], [302, 'https://elsewhere.example/']);
  });

  test('is not asked at all without a token', async () => {
    const { status, headers } = await get(edge, '/api');
    assert.deepEqual([status, headers.has('x-origin')], [401, false]);
  });

  test('that is gone is a 502', async () => {
    const mine = await token();
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
    const answer = await call(edge, mine);
    assert.deepEqual([answer.status, answer.code], [502, 'origin_unreachable']);
  });
});

describe('static assets', () => {
  let folder: string;
  let edge: Edge;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'quash-assets-'));
    await writeFile(join(folder, 'index.html'), 'public');
    await writeFile(join(folder, 'secret.txt'), 'secret');
    edge = await start({ assets: folder, quash: { origin: { assets: 'ASSETS' }, public: ['/'] } });
  });
  after(async () => {
    await edge.stop();
    await rm(folder, { recursive: true });
  });

  test('are guarded but for the public ones', async () => {
    assert.equal((await get(edge, '/')).body, 'public');
    assert.equal((await get(edge, '/secret.txt')).code, 'token_missing');
    assert.equal((await call(edge, await token(), '/secret.txt')).body, 'secret');
  });
});
