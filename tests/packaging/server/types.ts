import { createServer } from 'node:http';

import { guard, logout, type AuthenticatedRequest } from 'quash/express';
import * as fastify from 'quash/fastify';
import JWTR from 'quash/jwt-redis';
import * as koa from 'quash/koa';
import { kv } from 'quash/kv';
import { memory } from 'quash/memory';
import { redis } from 'quash/redis';
import { createJwt, type JwtPayload, type JwtService, type Receipt, sign, type Store, type Target, verify } from 'quash/server';

const stores: Store[] = [
  memory(),
  redis({ sendCommand: async (args: string[]) => args }),
  kv({ get: async () => new Map<string, string | null>(), put: async () => {} }),
];
const jwt: JwtService = createJwt({ store: stores[0]!, pepper: ['a', 'b'], maxLifetime: '1h', outage: { lastKnownGood: 60 } });
const token: string = jwt.sign({ sub: 'ada' }, 'secret', { expiresIn: '15m' });
const payload: JwtPayload = await jwt.verify(token, 'secret', { algorithms: ['HS256'], strict: true });
const target: Target = { sub: payload.sub!, before: new Date(), reason: 'credential_change' };
const receipt: Receipt = await jwt.destroy(target);
const { header } = await jwt.verify(token, 'secret', { complete: true });
const same: JwtPayload | string = verify(sign({ kid: header.kid }, 'secret'), 'secret');

// @ts-expect-error: the expiry of a token is never ignored.
await jwt.verify(token, 'secret', { ignoreExpiration: true });
// @ts-expect-error: a token is destroyed by whoever can verify it.
await jwt.destroy(token);

const [enter, leave] = [guard({ jwt, key: 'secret' }), logout({ jwt, key: 'secret', cookies: ['session'] })];
createServer((request: AuthenticatedRequest, response) => enter(request, response, () => leave(request, response, () => response.end())));
export { fastify, JWTR, koa, receipt, same };
