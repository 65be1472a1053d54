import { createHash } from 'node:crypto';

import { StoreError } from '../../store-error.js';
import type { Send } from './client.js';
import type { Keys } from './keys.js';

/**
 * A Lua script, which Redis runs with nothing between its steps. Servers in Rust run the same, to the letter: crates/tower/src/store/lua,
 * which tests/server/interop.test.ts holds equal.
 */
export interface Script {
  readonly source: string;
  readonly sha1: string;
}

export function script(source: string): Script {
  return { source, sha1: createHash('sha1').update(source).digest('hex') };
}

/** Before the message of a script that found something missing. */
export const INCOMPLETE = 'INCOMPLETE';

/** Runs a script, by its digest where Redis knows it: it forgets all of them when it starts, and a replica may know none. */
export async function run(send: Send, { source, sha1 }: Script, keys: Keys, args: readonly string[], signal: AbortSignal) {
  const rest = [String(keys.length), ...keys, ...args];
  try {
    return await send(['EVALSHA', sha1, ...rest], keys[0], signal).catch((error: unknown) => {
      if (!starts(error, 'NOSCRIPT')) throw error;
      return send(['EVAL', source, ...rest], keys[0], signal);
    });
  } catch (error) {
    if (!starts(error, INCOMPLETE)) throw error;
    throw new StoreError('store_incomplete', 'Redis has lost something that was revoked: see docs/redis.md', error);
  }
}

function starts(error: unknown, code: string): boolean {
  return error instanceof Error && error.message.startsWith(code);
}
