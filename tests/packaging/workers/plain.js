// A Worker that guards its own handler, and keeps its own ledger.
import { createGuard } from 'quash/edge';

export { Ledger } from 'quash/edge';

const guard = createGuard();

export default { fetch: guard.handler((request, env, context, auth) => new Response(auth?.claims.sub ?? 'nobody')) };
