import type { Effect } from './report.js';

/** No step of a page's own takes this long; what does, hangs. */
const TIMEOUT_MS = 1000;

/** Tries one effect, which ends as done, as `not_found` if `act` says `false`, as denied if it throws, or as hung. */
export function attempt(target: Effect['target'], name: string, act: () => unknown): Promise<Effect> {
  return new Promise<unknown>((resolve, reject) => {
    setTimeout(reject, TIMEOUT_MS, 'timeout');
    (async () => act())().then(resolve, reject);
  }).then(
    (found): Effect =>
      found === false
        ? { target, name, outcome: 'skipped', reason: 'not_found' }
        : { target, name, outcome: 'done', ...(typeof found === 'number' && { count: found }) },
    (error): Effect => ({ target, name, outcome: 'failed', reason: error === 'timeout' ? error : 'denied' }),
  );
}
