/** A Worker in JavaScript that revokes, and verifies, of its own accord: what it is told to by anybody, which only a test may. */
import { env } from 'cloudflare:workers';
import { createGuard } from 'quash/edge';

import { answer } from './answer.js';

export { Endpoints } from 'quash/edge';

const guard = createGuard('ENDPOINTS' in env ? { endpoints: env.ENDPOINTS } : {});

export default {
  fetch: guard.handler(async (request, env, _context, auth) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/public/revoke') return told(guard.revoke(meant(await request.json())));
    if (pathname === '/public/verify') return told(guard.verify(await request.text()));
    if (pathname === '/out') return told(guard.revoke({ token: auth.token }));
    return answer(request, env, auth);
  }),
};

/** What JSON has no word for. */
function meant(what) {
  const others = { undefined, function: () => 'd' };
  const value = (value) => (value?.date ? new Date(value.date) : typeof value === 'string' && value in others ? others[value] : value);
  return Object.fromEntries(Object.entries(what).map(([name, said]) => [name, value(said)]));
}

async function told(promise) {
  try {
    const { claims, ...rest } = await promise;
    return Response.json({ ...rest, claims });
  } catch (error) {
    const { name, code, message } = error;
    return Response.json({ name, code, message }, { status: 500 });
  }
}
