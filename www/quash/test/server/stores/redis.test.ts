import { after, before } from 'node:test';

import { redis } from 'quash/redis';

import { conforms } from './conformance.ts';
import { CLIENTS } from './redis-clients.ts';
import { type RedisServer, startRedis } from './redis-server.ts';

let server: RedisServer;
before(async () => {
  server = await startRedis();
});
after(() => server[Symbol.asyncDispose]());

let places = 0;
for (const [name, connect] of Object.entries(CLIENTS)) {
  conforms(
    name,
    async () => {
      const prefix = `place-${places++}`;
      const open = new AsyncDisposableStack();
      return {
        open: async () => redis(open.use(await connect(server.socket)).client, { prefix }),
        [Symbol.asyncDispose]: () => open.disposeAsync(),
      };
    },
    { isAtomic: true, hasLog: true },
  );
}
