import { cookieValue } from './cookie.js';
import type { TokenSource } from './options.js';

/** The token itself, or `undefined` if there is none or the browser denies the look. */
export function readToken(source: TokenSource | undefined): string | undefined {
  if (source === undefined || typeof source === 'string') return source;
  try {
    if ('cookie' in source) return cookieValue(source.cookie);
    if ('localStorage' in source) return localStorage.getItem(source.localStorage) ?? undefined;
    return sessionStorage.getItem(source.sessionStorage) ?? undefined;
  } catch {
    return undefined;
  }
}
