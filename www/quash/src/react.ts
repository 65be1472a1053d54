'use client';
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';

import { createLogout, type CreateLogoutOptions, type LogoutProgress, type LogoutStore } from './create-logout.js';

export type { CreateLogoutOptions, LogoutProgress, LogoutState } from './create-logout.js';

/** `logout` is the same function in every render. */
export interface UseLogout extends LogoutProgress, Pick<LogoutStore, 'logout'> {}

/**
 * A logout, and how far it is. The options of the latest render count.
 *
 * ```tsx
 * const { logout, state } = useLogout({ token: { localStorage: 'token' }, wipe: 'everything' });
 * return <button onClick={logout} disabled={state === 'busy'}>Log out</button>;
 * ```
 */
export function useLogout(options: CreateLogoutOptions = {}): UseLogout {
  const latest = useRef(options);
  useEffect(() => {
    latest.current = options;
  });
  const [store] = useState(() => createLogout(() => latest.current));
  const progress = useSyncExternalStore(store.subscribe, store.current, store.current);
  return { ...progress, logout: store.logout };
}
