import { randomBytes } from 'node:crypto';

import type { Store } from '../store.js';
import { TIMEOUT_MS, within } from './deadline.js';
import { APPEND, append } from './redis/append.js';
import { type RedisClient, sender } from './redis/client.js';
import { keysOf } from './redis/keys.js';
import { LOOK_UP, readFound } from './redis/look-up.js';
import { READ, reader } from './redis/read.js';
import { type Script, run } from './redis/script.js';

export { StoreError, type StoreErrorCode } from '../store-error.js';
export type { Log, LogPart, Merge, Part, Row, Store } from '../store.js';
export type { CallbackRedisClient, IoRedisClient, NodeRedisClient, NodeRedisCluster, RedisClient } from './redis/client.js';

export interface RedisOptions {
  /** What the keys begin with, in braces: stores of different prefixes know nothing of each other. Default: `quash`. */
  readonly prefix?: string | undefined;
  /** How long an operation may take, in milliseconds: clients wait for as long as Redis is away. Default: 3000. */
  readonly timeout?: number | undefined;
}

/**
 * Revocations in Redis 6.2 or later, or Valkey, of one server or of a cluster, with a log that can be followed. `client` is of
 * node-redis or ioredis, and stays its owner's to close.
 *
 * ```ts
 * const store = redis(await createClient({ url: 'redis://127.0.0.1' }).connect());
 * ```
 *
 * A revocation is as durable as Redis is, and Redis by default forgets the last second in a crash: docs/redis.md says how it has
 * to be configured.
 *
 * @throws TypeError for a prefix that is empty, or has braces in it; and for what is no client.
 */
export function redis(client: RedisClient, options: RedisOptions = {}): Store {
  const { prefix = 'quash', timeout = TIMEOUT_MS } = options;
  const [send, keys, read] = [sender(client), keysOf(prefix), reader()];
  const call = (script: Script, args: readonly string[], signal: AbortSignal) => {
    signal.throwIfAborted();
    return run(send, script, keys, [randomBytes(8).toString('hex'), ...args], signal);
  };
  return {
    consistency: 'strong',
    append: (rows, merge) => within(timeout, (signal) => append(rows, merge, (args) => call(APPEND, args, signal))),
    lookUp: (wanted) => within(timeout, async (signal) => readFound(wanted, await call(LOOK_UP, wanted, signal))),
    log: { read: (part) => within(timeout, (signal) => read(part, (args) => call(READ, args, signal))) },
  };
}
