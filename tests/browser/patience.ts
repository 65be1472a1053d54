/** Waiting for what happens in a page or a driver, and not for ever. */
import { setTimeout as delay } from 'node:timers/promises';

import type { Tab } from './engine.ts';

/** Several times what anything takes on a busy machine. */
const LIMIT_MS = 30_000;
/** In Firefox a page that has left for the bfcache takes what it was asked with it. */
const LOOK_MS = 5_000;
const POLL_MS = 20;

/** @throws Error that names `what`, when it takes too long. */
export async function limited<T>(what: string, work: Promise<T>, limitMs = LIMIT_MS): Promise<T> {
  const over = new AbortController();
  const late = delay(limitMs, undefined, { signal: over.signal }).then(() => {
    throw new Error(`${what}: nothing for ${limitMs / 1000} s`);
  });
  late.catch(() => {}); // Also when `work` has won.
  try {
    return await Promise.race([work, late]);
  } finally {
    over.abort();
  }
}

/**
 * Polls until `look` returns something true. An error is no end: a page on its way to another one cannot be asked.
 *
 * @throws Error with what was seen last, when it takes too long.
 */
export async function until<T>(what: string, look: () => Promise<T>, limitMs = LIMIT_MS): Promise<T> {
  const end = performance.now() + limitMs;
  let last = 'nothing';
  while (performance.now() < end) {
    try {
      const value = await limited('an answer', look(), LOOK_MS);
      if (value) return value;
      last = JSON.stringify(value) ?? 'undefined';
    } catch (error) {
      last = String(error);
    }
    await delay(POLL_MS);
  }
  throw new Error(`${what}: not within ${limitMs / 1000} s; at last ${last}`);
}

