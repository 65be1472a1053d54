import { lastEpoch } from './epoch.js';

/** The `localStorage` key of when the user last did something in any tab, in milliseconds since the epoch. */
const ACTIVE_KEY = 'quash:active';

/** Fine enough for timeouts of minutes, and writes little. */
const RESOLUTION_MS = 1000;

/** What a user does. That the page is looked at is none: an unlocked screen shows it to anybody. */
const SIGNS = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchmove'];
/** When a page may have slept, and its timers with it. */
const AWAKENINGS = ['focus', 'pageshow', 'visibilitychange'];

export interface IdleWatch {
  /** The user is there although no event tells: a call, a film. */
  touch(): void;
  stop(): void;
}

/**
 * Calls `onTimeout` once when the user has done nothing in any tab for `timeout` milliseconds, and again after they were back; not when a
 * logout has come first. `onIdle` hears so long before as `notice` says when that will be; and `undefined` when the user is back.
 *
 * By the wall clock, since a computer that sleeps must not keep its session. What is done after the time is up comes too late.
 */
export function watchIdle(
  timeout: number,
  notice: number,
  onIdle: (endsAt: number | undefined) => void,
  onTimeout: () => void,
): IdleWatch {
  let own = Date.now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isNoticed = false;
  // As of when the user was last seen to be active: one that is other by then is of a logout that came first.
  let epoch = lastEpoch();

  const notify = (endsAt: number | undefined) => {
    if (isNoticed === (endsAt !== undefined)) return;
    isNoticed = endsAt !== undefined;
    onIdle(endsAt);
  };
  const check = () => {
    clearTimeout(timer);
    timer = undefined;
    const now = Date.now();
    const endsAt = lastActive(own, now) + timeout;
    if (now >= endsAt) {
      notify(undefined);
      if (lastEpoch() === epoch) onTimeout();
      return;
    }
    epoch = lastEpoch();
    const isDue = now >= endsAt - notice;
    notify(isDue ? endsAt : undefined);
    timer = setTimeout(check, Math.min(endsAt - (isDue ? 0 : notice) - now, 2 ** 31 - 1));
  };
  const touch = () => {
    const now = Date.now();
    if (timer) {
      // It may be overdue: the computer has slept.
      if (now >= lastActive(own, now) + timeout) return check();
      if (!isNoticed && Math.abs(now - own) < RESOLUTION_MS) return;
    }
    own = now;
    try {
      localStorage.setItem(ACTIVE_KEY, String(now));
    } catch {
      // Denied. Then each tab knows of itself alone.
    }
    check();
  };
  const sign = (event: Event) => {
    // Browsers say that the pointer moves when the page does below it.
    const { type, movementX, movementY } = event as PointerEvent;
    if (type !== 'pointermove' || movementX || movementY) touch();
  };
  const wake = () => void (timer && check());

  const listen = (to: typeof addEventListener | typeof removeEventListener) => {
    for (const type of SIGNS) to(type, sign, { capture: true, passive: true });
    for (const type of AWAKENINGS) to(type, wake);
  };
  listen(addEventListener);
  touch();
  return {
    touch,
    stop: () => {
      clearTimeout(timer);
      listen(removeEventListener);
    },
  };
}

/** In any tab. What lies in the future is of a clock that was wrong. */
function lastActive(own: number, now: number): number {
  let stored = 0;
  try {
    stored = Number(localStorage.getItem(ACTIVE_KEY));
  } catch {
    // As above.
  }
  return Math.max(stored <= now ? stored : 0, Math.min(own, now));
}
