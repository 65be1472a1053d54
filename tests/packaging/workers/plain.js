// A Worker that guards its own handler, and keeps its own ledger.
import { createGuard } from 'quash/edge';

export { Ledger } from 'quash/edge';

const guard = createGuard();

export default {
  fetch: guard.handler(async (request, env, context, auth) => {
    if (request.url.endsWith('/out')) return Response.json(await guard.revoke({ token: auth.token }));
    return new Response(auth?.claims.sub ?? 'nobody');
  }),
};
