import { notify } from './notify.js';
import type { LogoutOptions } from './options.js';
import { readToken } from './token.js';

/**
 * Has the edge end every other session of the user ("log out my other devices"), which takes a token with a `sid`. This one goes on, so nothing of this
 * browser is touched. Tells whether that is durable; never rejects. Where it is not, it may be tried again.
 */
export async function logoutOthers({ endpoint, token, timeout }: Pick<LogoutOptions, 'endpoint' | 'token' | 'timeout'> = {}): Promise<boolean> {
  const { status, body } = await notify({ endpoint, token: readToken(token), timeout, scope: 'others' });
  return status === 200 && body?.outcome === 'revoked';
}
