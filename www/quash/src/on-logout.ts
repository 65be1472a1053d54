import { CHANNEL, EPOCH_KEY, isNews, lastEpoch } from './epoch.js';
import { full } from './load.js';
import { wipeObvious } from './obvious.js';
import type { WipeOptions } from './options.js';
import type { LogoutEvent } from './report.js';
import { forgetAll } from './wipe/memory.js';

/** What this tab wipes when another logs out. The rest is shared between tabs, and the other one has wiped it. */
export type OnLogoutOptions = Pick<WipeOptions, 'sessionStorage' | 'keep'>;

/**
 * Calls `listener` once for each logout in another tab of this origin, after wiping this tab's own `sessionStorage` as
 * `options` say and telling what holds tokens in memory to forget. Returns a function that ends the listening. On a server it
 * does nothing.
 *
 * A page that comes back, from the back/forward cache or to the front, asks whether there was a logout meanwhile. It goes into
 * that cache hidden, and is shown again only if there was none: nobody sees what was there before. After a logout, whoever
 * listens decides what comes next, a new page or {@link LogoutEvent.reveal}.
 */
export function onLogout(listener: (event: LogoutEvent) => void, options: OnLogoutOptions = {}): () => void {
  if (typeof window === 'undefined') return () => {};

  const { style } = document.documentElement;
  const before = style.visibility;
  const reveal = () => void (style.visibility = before);
  const hide = () => void (style.visibility = 'hidden');
  let seen = lastEpoch();

  const hear = (epoch: unknown): boolean => {
    if (typeof epoch !== 'string' || !isNews(epoch)) return false;
    seen = epoch;
    const effects = full?.wipeHere(options) ?? wipeObvious(options);
    void forgetAll();
    listener({ epoch, effects, reveal });
    return true;
  };
  const check = (): boolean => {
    const last = lastEpoch();
    return last !== seen && hear(last);
  };

  let channel: BroadcastChannel | undefined;
  const open = () => {
    try {
      channel = new BroadcastChannel(CHANNEL);
      channel.onmessage = ({ data }) => hear(data);
    } catch {
      // Missing or denied. The other ways remain.
    }
  };
  const events: Record<string, (event: Event) => void> = {
    storage: (event) => (event as StorageEvent).key === EPOCH_KEY && hear((event as StorageEvent).newValue),
    focus: check,
    visibilitychange: check,
    pagehide: () => {
      // An open channel may keep the page out of the cache.
      channel?.close();
      hide();
    },
    pageshow: (event) => {
      if ((event as PageTransitionEvent).persisted) open();
      if (!check()) reveal();
    },
  };

  open();
  for (const type in events) addEventListener(type, events[type] as EventListener);
  return () => {
    channel?.close();
    for (const type in events) removeEventListener(type, events[type] as EventListener);
  };
}
