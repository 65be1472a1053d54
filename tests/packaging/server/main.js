// What a server does with tokens, in whatever runs this.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';

import * as express from 'quash/express';
import * as fastify from 'quash/fastify';
import JWTR from 'quash/jwt-redis';
import * as koa from 'quash/koa';
import { kv } from 'quash/kv';
import { memory } from 'quash/memory';
import { redis } from 'quash/redis';
import { createJwt, decode, sign, TokenRevokedError, verify } from 'quash/server';

const secret = 'a secret of thirty-two bytes or more';
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const report = {};

report.hmac = verify(sign({ sub: 'ada' }, secret), secret, { algorithms: ['HS256'] }).sub;
report.ecdsa = verify(sign({ sub: 'ada' }, privateKey, { algorithm: 'ES256' }), publicKey, { algorithms: ['ES256'] }).sub;

const jwt = createJwt({ store: memory(), pepper: secret, maxLifetime: '1h' });
const token = jwt.sign({ sub: 'ada' }, secret, { expiresIn: '15m' });
report.decoded = decode(token).sub;
report.before = (await jwt.verify(token, secret)).sub;

const guard = express.guard({ jwt, key: secret, algorithms: ['HS256'] });
const server = createServer((request, response) => guard(request, response, () => response.end(request.auth.claims.sub)));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const call = async () => {
  const response = await fetch(`http://127.0.0.1:${server.address().port}/`, { headers: { Authorization: `Bearer ${token}` } });
  return `${response.status} ${await response.text()}`;
};
report.guarded = await call();
await jwt.destroy(token, secret);
report.refused = JSON.parse((await call()).slice('401 '.length)).code;
report.after = await jwt.verify(token, secret).catch((error) => error instanceof TokenRevokedError && error.rule);
server.close();

report.functions = [JWTR, redis, kv, fastify.guard, fastify.logout, koa.guard, koa.logout].every((one) => typeof one === 'function');
console.log(JSON.stringify(report));
