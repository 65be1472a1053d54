import { type KvNamespace, cache, message, within } from './platform.js';
import type { Settings } from './settings.js';

export interface Found {
  /** `KEY ENTRY` on each line. */
  readonly lines: string;
  /** Why there may be others; empty when there are none. */
  readonly outage: string;
}

/**
 * Looks keys up in Workers KV, and in the data centre's cache, which knows at once what was revoked here. A miss there says nothing,
 * and an error is a miss.
 */
export async function lookUp(keys: readonly string[], kv: KvNamespace, settings: Settings): Promise<Found> {
  const [stored, nearby] = await Promise.all([
    inStore(keys, kv, settings.storeTimeout),
    Promise.all(keys.map((key) => inCache(key, settings))),
  ]);
  return { lines: stored.lines + nearby.join(''), outage: stored.outage };
}

async function inStore(keys: readonly string[], kv: KvNamespace, timeout: number): Promise<Found> {
  try {
    let lines = '';
    for (const [key, entry] of await within(timeout, kv.get(keys))) if (entry !== null) lines += line(key, entry);
    return { lines, outage: '' };
  } catch (error) {
    return { lines: '', outage: `the denylist did not answer: ${message(error)}` };
  }
}

async function inCache(key: string, { nearby, storeTimeout }: Settings): Promise<string> {
  try {
    const response = await within(storeTimeout, cache().match(nearby + key));
    return response ? line(key, await response.text()) : '';
  } catch {
    return '';
  }
}

function line(key: string, entry: string): string {
  return `${key} ${entry}\n`;
}
