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

/** Puts the handle into the outbox before the edge has answered: the tab may be closed by then. Gives it back, if there was one. */
export function queue(epoch: string): Handle | undefined {
  try {
    const handle = localStorage.getItem(HANDLE_KEY);
    if (!handle) return undefined;
    localStorage.setItem(OUTBOX + epoch, handle);
    localStorage.removeItem(HANDLE_KEY);
    return JSON.parse(handle);
  } catch {
    return undefined;
  }
}

/** Takes it out again: the edge has confirmed. */
export function unqueue(epoch: string): void {
  try {
    localStorage.removeItem(OUTBOX + epoch);
  } catch {
    // Denied, so it was never in.
  }
}
