import { readCookies } from './cookie.js';
import type { TokenSource } from './options.js';

type Place = 'cookie' | 'localStorage' | 'sessionStorage';

/** The token itself, if there is one and the browser does not deny the look. */
export function readToken(source: TokenSource | undefined): string | null | undefined {
  if (typeof source !== 'object') return source;
  try {
    const [[place, wanted]] = Object.entries(source) as [[Place, string]];
    return place === 'cookie' ? readCookies().find(([name]) => name === wanted)?.[1] : window[place].getItem(wanted);
  } catch {
    // Denied. Then there is none to be told of.
  }
}
