import type { Effect } from './report.js';

/** What two wipes of the same came to, one after the other: what the first has done, the second can no longer find. */
export function both(first: readonly Effect[], second: readonly Effect[]): Effect[] {
  return second.map((effect) => {
    const done = first.find(
      ({ target, name, outcome }) => target === effect.target && name === effect.name && outcome === 'done',
    );
    if (!done || effect.outcome === 'failed') return effect;
    return { ...done, count: (done.count ?? 0) + (effect.count ?? 0) };
  });
}
