import { attempt } from '../attempt.js';
import { holders } from '../memory.js';
import type { Effect } from '../report.js';

/** Tells everything that holds tokens in memory to forget, at once. */
export function forgetAll(): Promise<Effect[]> {
  return Promise.all(
    [...holders.values()].map(([name, forget]) =>
      attempt('memory', name, async () => {
        await forget();
      }),
    ),
  );
}
