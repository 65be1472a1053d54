/** Whether a request is to be at work until it is let go. */
let held = false;

/**
 * Tells which request reached the handler, and whose it is said to be; `read` is what a router has read of it already. `/kv` is for the
 * tests themselves.
 */
export async function answer(request, env, auth, read) {
  const { pathname } = new URL(request.url);
  if (pathname === '/kv') return env.ORIGIN.fetch(request);
  if (pathname === '/fails') throw new Error('the handler has failed');
  if (pathname === '/public/held') return Response.json(held);
  if (pathname === '/public/let-go') held = false;
  if (pathname === '/held') held = true;
  // Nobody may end another request's wait: it has to look.
  while (pathname === '/held' && held) await scheduler.wait(20);
  return Response.json({
    method: request.method,
    path: read?.path ?? pathname,
    headers: Object.fromEntries(request.headers),
    body: read?.body ?? (await request.text()),
    auth: auth ? { claims: auth.claims, ...auth } : null,
  });
}
