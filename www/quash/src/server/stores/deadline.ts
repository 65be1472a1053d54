import { StoreError } from '../store-error.js';

/** How long an operation of a store may take, in milliseconds, unless it is said. */
export const TIMEOUT_MS = 3000;

/**
 * Does `work`, or rejects with `store_unavailable` when that takes longer, or fails in a way that no store has a code for. An
 * answer that comes later is ignored; `signal` tells the work that nobody waits any more.
 */
export async function within<T>(timeout: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let timer;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new StoreError('store_unavailable', `the store did not answer in ${timeout} ms`);
      reject(error);
      controller.abort(error);
    }, timeout);
  });
  try {
    return await Promise.race([work(controller.signal), late]);
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError('store_unavailable', 'the store could not be asked', error);
  } finally {
    clearTimeout(timer);
  }
}
