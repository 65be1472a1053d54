/** A Worker in JavaScript that guards a plain `fetch` handler. */
import { createGuard } from 'quash/edge';

import { answer } from './answer.js';

const guard = createGuard({
  preflight: (request) => Response.json({ headers: Object.fromEntries(request.headers) }, { status: 203 }),
});

export default { fetch: guard.handler((request, env, _context, auth) => answer(request, env, auth)) };
