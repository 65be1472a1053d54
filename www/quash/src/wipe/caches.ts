import { attempt } from '../attempt.js';
import type { Engine } from '../engine.js';
import type { WipeOptions } from '../options.js';
import type { Effect } from '../report.js';
import { label, selections } from '../selector.js';

/** Deletes caches of Cache Storage. */
export function wipeCaches(engine: Engine, options: WipeOptions): Promise<Effect[]> {
  // No cache has a token for a name.
  const wanted = selections(options.caches ?? options.wipe, options).filter((selection) => selection[0] !== '~');
  return Promise.all(
    wanted.map((selection) =>
      attempt('caches', label(selection), async () => {
        const names = (await caches.keys()).filter((name) => engine.selects(selection, name, ''));
        const gone = await Promise.all(names.map((name) => caches.delete(name)));
        return gone.length > 0 && gone.length;
      }),
    ),
  );
}
