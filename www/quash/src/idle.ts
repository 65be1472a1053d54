/** The `localStorage` key of when the user last did something in any tab, in milliseconds since the epoch. */
const ACTIVE_KEY = 'quash:active';

/** Fine enough for timeouts of minutes, and writes little. */
const RESOLUTION_MS = 1000;

/** What a user does. That the page is looked at is none: an unlocked screen shows it to anybody. */
const SIGNS = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchmove'];
/** When a page may have slept, and its timers with it. */
const AWAKENINGS = ['focus', 'pageshow', 'visibilitychange'];

/** So long a tab that was frozen may go on reading what `localStorage` held before. */
const STALE_MS = 250;

export interface IdleWatch {
  /** The user is there although no event tells: a call, a film. */
  touch(): void;
  stop(): void;
}

/**
 * Calls `onTimeout` when the user has done nothing in any tab for `timeout` milliseconds, in each tab; again only after they were
 * back. `onIdle` hears so long before as `notice` says when that will be; and `undefined` when the user is back or it has come.
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
  let isOverdue = false;
  let isStopped = false;

  const tell = (endsAt: number | undefined) => {
    if (isNoticed === (endsAt !== undefined)) return;
    isNoticed = endsAt !== undefined;
    onIdle(endsAt);
  };
  const checkAfter = (delay: number) => void (timer = setTimeout(check, Math.min(delay, 2 ** 31 - 1)));
  const check = () => {
    clearTimeout(timer);
    const now = Date.now();
    // A clock that was ahead and has been set right.
    own = Math.min(own, now);
    const endsAt = lastActive(own, now) + timeout;
    if (now < endsAt) {
      isOverdue = false;
      const isDue = now >= endsAt - notice;
      checkAfter(endsAt - (isDue ? 0 : notice) - now);
      // Last: what a page does with it may throw.
      tell(isDue ? endsAt : undefined);
    } else if (!isOverdue) {
      // Once more: this tab may be the one that does not know yet what the user did in another.
      isOverdue = true;
      checkAfter(STALE_MS);
    } else {
      isOverdue = false;
      timer = undefined;
      onTimeout();
      tell(undefined);
    }
  };
  const touch = () => {
    if (isStopped) return;
    const now = Date.now();
    if (timer) {
      if (isOverdue) return;
      // The computer may have slept.
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
  const wake = () => {
    const now = Date.now();
    // Without a timer it has ended here, and there may have been a login in another tab since.
    if (timer ? !isOverdue : now < lastActive(own, now) + timeout) check();
  };

  const listen = (to: typeof addEventListener | typeof removeEventListener) => {
    for (const type of SIGNS) to(type, sign, { capture: true, passive: true });
    for (const type of AWAKENINGS) to(type, wake);
  };
  listen(addEventListener);
  touch();
  return {
    touch,
    stop: () => {
      isStopped = true;
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
  return Math.max(stored <= now ? stored : 0, own);
}
