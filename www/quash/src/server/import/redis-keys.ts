/** Denylists as people have kept them in Redis: a key for each token, with the time that the token has left. */
import type { Imported } from './source.js';

/** What of a client of node-redis 4 or later is needed. */
export interface RedisKeys {
  scanIterator(options: { MATCH: string; COUNT: number }): AsyncIterable<string | string[]>;
  pTTL(key: string): Promise<number>;
}

/** How many keys are asked about at once. */
const AT_ONCE = 300;

/**
 * Demands for all keys that begin with `prefix`: what comes after it is the demand's member `name`. A key that expires says when the token
 * does; of one that does not, nobody knows, and the entry is kept for as long as the issuer's tokens may live.
 */
export async function* readKeys(client: RedisKeys, prefix: string, name: string): AsyncGenerator<Imported> {
  let [keys, count] = [[] as string[], 0];
  const demands = async function* (): AsyncGenerator<Imported> {
    const ttls = await Promise.all(keys.map((key) => client.pTTL(key)));
    for (const [at, key] of keys.entries()) {
      const ttl = ttls[at] as number;
      count += 1;
      // It has expired meanwhile.
      if (ttl === -2) continue;
      const exp = ttl > 0 && name === 'jti' ? { exp: Math.ceil((Date.now() + ttl) / 1000) } : {};
      yield { from: `key ${count}`, demand: { [name]: key.slice(prefix.length), ...exp } };
    }
    keys = [];
  };
  const escaped = prefix.replace(/[*?[\]\\]/g, '\\$&');
  // Since version 5 of node-redis in lists.
  for await (const found of client.scanIterator({ MATCH: `${escaped}*`, COUNT: AT_ONCE })) {
    keys.push(...[found].flat());
    if (keys.length >= AT_ONCE) yield* demands();
  }
  yield* demands();
}
