/** A capability to revoke, made by the edge for a token that it has seen. It can do nothing else: it is no token. */
export interface Handle {
  readonly handle: string;
  /** The edge's logout route. */
  readonly endpoint: string;
  /** When nothing is left to revoke, in milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** The `localStorage` key of the handle for a logout that may come. */
const HANDLE_KEY = 'quash:handle';

/** Before the epochs of logouts that the edge has not confirmed yet: each has a key of its own, so no tab overwrites another's. */
export const OUTBOX = 'quash:outbox:';

/** Keeps a handle until there is a logout. `false` where storage is denied: a logout then has to be online. */
export function keepHandle(handle: Handle): boolean {
  try {
    localStorage.setItem(HANDLE_KEY, JSON.stringify(handle));
    return true;
  } catch {
    return false;
  }
}

/** The handle that is kept, while it is good for anything. */
export function keptHandle(): Handle | undefined {
  return readHandle(HANDLE_KEY);
}

/** A handle under a key of `localStorage`, while it is good for anything. */
export function readHandle(key: string): Handle | undefined {
  try {
    const handle = JSON.parse(localStorage.getItem(key) ?? 'null');
    return handle?.expiresAt > Date.now() ? handle : undefined;
  } catch {
    return undefined;
  }
}

/** Puts the handle into the outbox before the edge has answered: the tab may be closed by then. Was there one? */
export function queue(epoch: string): boolean {
  let isQueued = false;
  try {
    const handle = localStorage.getItem(HANDLE_KEY);
    if (handle) {
      localStorage.setItem(OUTBOX + epoch, handle);
      localStorage.removeItem(HANDLE_KEY);
      isQueued = true;
    }
  } catch {
    // Denied, so there was none.
  }
  return isQueued;
}

/** Takes it out again: the edge has confirmed. */
export function unqueue(epoch: string): void {
  try {
    localStorage.removeItem(OUTBOX + epoch);
  } catch {
    // Denied, so it was never in.
  }
}

/**
 * Remembers all that Quash keeps, and returns a function that puts back what has gone meanwhile: the edge's answer may clear the
 * origin's storage (`Clear-Site-Data`), and earlier logouts that wait there with it.
 */
export function remember(): () => void {
  const kept: [string, string | null][] = [];
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith('quash:')) kept.push([key, localStorage.getItem(key)]);
  } catch {
    // Denied, so there is nothing.
  }
  return () => {
    try {
      for (const [key, value] of kept) if (localStorage.getItem(key) === null) localStorage.setItem(key, value ?? '');
    } catch {
      // Denied since.
    }
  };
}
