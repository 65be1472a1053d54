/** One whose endpoints are another Worker's, which is down. */
import { createGuard } from 'quash/edge';

import { answer } from './answer.js';

const down = {
  async fetch() {
    throw new Error('the service is down');
  },
};
const guard = createGuard({ endpoints: down });

export default { fetch: guard.handler((request, env, _context, auth) => answer(request, env, auth)) };
