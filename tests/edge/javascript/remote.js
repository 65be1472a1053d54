/** One whose endpoints are another Worker's, which is down. */
import { createGuard } from 'quash/edge';

import { answer } from './answer.js';

const isDown = async () => {
  throw new Error('the service is down');
};
const guard = createGuard({ endpoints: { fetch: isDown, revoke: isDown } });

export default {
  fetch: guard.handler(async (request, env, _context, auth) => {
    if (!request.url.endsWith('/revoke')) return answer(request, env, auth);
    const { name, code } = await guard.revoke({ token: auth.token }).catch((error) => error);
    return Response.json({ name, code });
  }),
};
