import { CHANNEL, EPOCH_KEY, isNews } from './epoch.js';
import type { WipeOptions } from './options.js';
import type { LogoutEvent } from './report.js';
import { wipeStorage } from './storage.js';

/** What this tab wipes when another logs out. The rest is shared between tabs, and the other one has wiped it. */
export type OnLogoutOptions = Pick<WipeOptions, 'sessionStorage'>;

/**
 * Calls `listener` once for each logout in another tab of this origin, after wiping this tab's own `sessionStorage` as
 * `options` say. Returns a function that ends the listening. On a server it does nothing.
 */
export function onLogout(listener: (event: LogoutEvent) => void, options: OnLogoutOptions = {}): () => void {
  if (typeof window === 'undefined') return () => {};

  const hear = (epoch: unknown) => {
    if (typeof epoch !== 'string' || !isNews(epoch)) return;
    listener({ epoch, effects: wipeStorage('sessionStorage', options.sessionStorage) });
  };
  const onMessage = (event: MessageEvent) => hear(event.data);
  const onStorage = (event: StorageEvent) => event.key === EPOCH_KEY && hear(event.newValue);

  const channel = openChannel();
  channel?.addEventListener('message', onMessage);
  window.addEventListener('storage', onStorage);
  return () => {
    channel?.close();
    window.removeEventListener('storage', onStorage);
  };
}

function openChannel(): BroadcastChannel | undefined {
  try {
    return new BroadcastChannel(CHANNEL);
  } catch {
    // Missing or denied. The other way remains.
    return undefined;
  }
}
