import type { Selection } from './options.js';
import type { Effect } from './report.js';

/** Wipes keys of one storage area, and says what became of each. */
export function wipeStorage(target: 'localStorage' | 'sessionStorage', selection: Selection | undefined): Effect[] {
  if (selection === undefined) return [];
  const names = selection === 'everything' ? ['*'] : selection;
  return names.map((name): Effect => {
    try {
      const storage = window[target];
      const before = storage.length;
      if (selection === 'everything') storage.clear();
      else storage.removeItem(name);
      if (storage.length < before) return { target, name, outcome: 'done' };
      return { target, name, outcome: 'skipped', reason: 'not_found' };
    } catch {
      return { target, name, outcome: 'failed', reason: 'denied' };
    }
  });
}
