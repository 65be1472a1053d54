/** The store of `quash-tower` has to do what every store has to; and so have the two together, over one Redis. */
import { after, describe } from 'node:test';

import { conforms } from '../../www/quash/test/server/stores/conformance.ts';
import { connect, openBy, type Open, type OpenStore } from '../../www/quash/test/server/stores/redis-clients.ts';
import { keepsItsLog } from '../../www/quash/test/server/stores/redis-log.ts';
import { missesWhatIsLost } from '../../www/quash/test/server/stores/redis-loss.ts';
import { outlastsOutages } from '../../www/quash/test/server/stores/redis-outage.ts';
import { survivesRestarts } from '../../www/quash/test/server/stores/redis-restart.ts';
import { startCluster, startRedis } from '../../www/quash/test/server/stores/redis-server.ts';
import { readsAgain } from '../../www/quash/test/server/stores/redis-tail.ts';
import { startRustStores } from './stores.ts';

const GUARANTEES = { isAtomic: true, hasLog: true };

const stack = new AsyncDisposableStack();
after(() => stack.disposeAsync());
const [rust, server] = [stack.use(await startRustStores()), stack.use(await startRedis())];
const cluster = stack.use(await startCluster());

let places = 0;
/** Places in which the stores are opened in this order, again and again. */
function begin(...opening: ((prefix: string) => Promise<OpenStore>)[]) {
  return async () => {
    const [prefix, stack] = [`place-${places++}`, new AsyncDisposableStack()];
    let opened = 0;
    const open = async () => stack.use(await opening[opened++ % opening.length]!(prefix));
    return { open, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  };
}

describe('stores in Rust, and of both', { timeout: 300_000 }, () => {
  const [inRust, inNode] = [rust.open, openBy(connect)].map((open: Open) => (prefix: string) => open(server.socket, { prefix }));
  conforms('quash-tower', begin(inRust!), GUARANTEES);
  conforms('quash-tower, a cluster', begin((prefix) => rust.openCluster(cluster.ports, prefix)), GUARANTEES);
  // Of writers at once every second one is the other's; and who follows is one of them.
  conforms('quash-tower and quash/redis', begin(inRust!, inNode!), GUARANTEES);
  conforms('quash/redis and quash-tower', begin(inNode!, inRust!), GUARANTEES);

  keepsItsLog('quash-tower', rust.open);
  readsAgain('quash-tower', rust.open);
  missesWhatIsLost('quash-tower', rust.open);
  survivesRestarts('quash-tower', rust.open);
  outlastsOutages('quash-tower', rust.open);
});
