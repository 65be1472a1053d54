'use client';
import { type DetailedHTMLProps, type HTMLAttributes, useEffect, useRef, useState, useSyncExternalStore } from 'react';

import { createLogout, type CreateLogoutOptions, type LogoutProgress, type LogoutStore } from './create-logout.js';

export type { CreateLogoutOptions, LogoutProgress, LogoutState } from './create-logout.js';

/** `logout` and `prepare` are the same functions in every render. */
export interface UseLogout extends LogoutProgress, Pick<LogoutStore, 'logout' | 'prepare'> {}

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
  const { offline } = options;
  const token = JSON.stringify(options.token);
  const isFirst = useRef(true);
  useEffect(() => {
    // The first is the subscription's.
    if (!isFirst.current) store.prepare();
    isFirst.current = false;
  }, [store, offline, token]);
  const progress = useSyncExternalStore(store.subscribe, store.current, store.current);
  return { ...progress, logout: store.logout, prepare: store.prepare };
}

/** The attributes of `<quash-logout>`, and what every element may have. `quash/element` has to be imported for it to be one. */
export type QuashLogoutProps = DetailedHTMLProps<HTMLAttributes<HTMLElement>, HTMLElement> & {
  readonly [Name in
    | 'endpoint'
    | 'scope'
    | 'token'
    | 'wipe'
    | 'keep'
    | 'cookies'
    | 'local-storage'
    | 'session-storage'
    | 'indexed-db'
    | 'caches'
    | 'redirect']?: string | undefined;
} & { readonly [Name in 'service-worker' | 'offline']?: '' | undefined };

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'quash-logout': QuashLogoutProps;
    }
  }
}
