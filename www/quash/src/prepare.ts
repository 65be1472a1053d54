import { load } from './load.js';
import { notify } from './notify.js';
import type { EdgeOptions } from './options.js';
import { type Handle, keepHandle, keptHandle } from './outbox.js';
import { readToken } from './token.js';

/** So long before a handle is good for nothing another is asked for; no sooner than that after the last. */
const RENEWAL_MS = 60_000;
/** What the endpoint of handles has in the place of. */
const LOGOUT = /logout$/;

/**
 * Makes a logout work offline, too. Call it when the page is loaded and after every login: it keeps a revocation handle for the
 * token (which can do nothing but revoke it), and sends what earlier logouts could not, now and whenever the browser comes
 * online or the page to the front. Returns a function that ends it. On a server it does nothing.
 *
 * @throws TypeError when the endpoint does not end in `logout`: then nobody knows where handles are to be had, and the logout
 * itself must not be asked for one.
 */
export function prepareLogout(options: EdgeOptions = {}): () => void {
  if (typeof window === 'undefined') return () => {};
  if (options.endpoint && !LOGOUT.test(options.endpoint)) throw new TypeError(`quash: ${options.endpoint} does not end in "logout"`);

  let timer: ReturnType<typeof setTimeout> | undefined;
  let isStopped = false;
  const renew = async () => {
    const minted = await mint(options);
    // By now there may be another login, whose handle it must not replace.
    if (isStopped || (minted && !keepHandle(minted))) return;
    // Not the one that is kept, unless there is no other to be had: it may be of an earlier login.
    const handle = minted ?? keptHandle();
    if (!handle) return;
    const delay = Math.max(handle.expiresAt - Date.now() - RENEWAL_MS, RENEWAL_MS);
    timer = setTimeout(renew, Math.min(delay, 2 ** 31 - 1));
  };
  const flush = () => void load().then((full) => full?.flush());
  const wake = () => document.visibilityState === 'visible' && flush();

  flush();
  void renew();
  addEventListener('online', flush);
  addEventListener('visibilitychange', wake);
  return () => {
    isStopped = true;
    clearTimeout(timer);
    removeEventListener('online', flush);
    removeEventListener('visibilitychange', wake);
  };
}

async function mint({ endpoint = '/auth/logout', token, scope }: EdgeOptions): Promise<Handle | undefined> {
  const asked = await notify({ endpoint: endpoint.replace(LOGOUT, 'handle'), token: readToken(token), scope });
  if (asked.status !== 200 || !asked.body?.handle) return undefined;
  const { handle, expires_at: expiresAt } = asked.body;
  return { handle, endpoint: new URL(endpoint, location.href).href, expiresAt };
}
