import { CHANNEL, EPOCH_KEY } from './epoch.js';
import type { Effect } from './report.js';

/** Tells the other tabs of this origin, by two ways: not every browser delivers both between all of its tabs. */
export function tellTabs(epoch: string): Effect[] {
  return [
    tell(CHANNEL, () => {
      const channel = new BroadcastChannel(CHANNEL);
      channel.postMessage(epoch);
      // An open channel may keep the page out of the back/forward cache.
      channel.close();
    }),
    tell(EPOCH_KEY, () => localStorage.setItem(EPOCH_KEY, epoch)),
  ];
}

function tell(name: string, act: () => void): Effect {
  try {
    act();
    return { target: 'tabs', name, outcome: 'done' };
  } catch {
    return { target: 'tabs', name, outcome: 'failed', reason: 'denied' };
  }
}
