import { notify } from './notify.js';
import type { Handle } from './outbox.js';

/**
 * Has the edge answered for the handle, so that no more can come of asking again? It is sent without cookies: by now they may be
 * of another login, which it must not end.
 */
export async function send({ endpoint, handle }: Handle): Promise<boolean> {
  const { status, body } = await notify({ endpoint, handle }, 'omit');
  return status === 200 && !!body?.outcome;
}
