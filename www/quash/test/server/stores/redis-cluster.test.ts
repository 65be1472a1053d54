import { after, before } from 'node:test';

import { redis } from 'quash/redis';

import { conforms } from './conformance.ts';
import { CLUSTER_CLIENTS } from './redis-clients.ts';
import { type RedisCluster, startCluster } from './redis-server.ts';

let cluster: RedisCluster;
before(async () => {
  cluster = await startCluster();
});
after(() => cluster[Symbol.asyncDispose]());

// Each prefix is a hash tag of its own, so places lie with different masters.
let places = 0;
for (const [name, connect] of Object.entries(CLUSTER_CLIENTS)) {
  conforms(
    `${name}, a cluster`,
    async () => {
      const prefix = `place-${places++}`;
      const open = new AsyncDisposableStack();
      return {
        open: async () => redis(open.use(await connect(cluster.ports)).client, { prefix }),
        [Symbol.asyncDispose]: () => open.disposeAsync(),
      };
    },
    { isAtomic: true, hasLog: true },
  );
}
