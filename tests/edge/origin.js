/**
 * What the guard stands in front of in these tests: it tells which request reached it, or serves the files that it was given.
 * It also holds the key to the real local KV namespace, so that a test can look at what Quash wrote.
 */
export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    if (url.pathname === '/kv') return kv(request, url, env.QUASH_DENYLIST);
    if (url.pathname === '/login') return login(url);
    if (env.ASSETS && request.method === 'GET' && url.pathname !== '/api') return env.ASSETS.fetch(request);
    const wait = Number(url.searchParams.get('wait') ?? 0);
    if (wait > 0) await scheduler.wait(wait);
    return Response.json({
      method: request.method,
      path: url.pathname + url.search,
      headers: Object.fromEntries(request.headers),
      body: await request.text(),
    });
  },
};

/** The cookie that no script can read; over https with all the protection that there is. */
function login({ protocol, searchParams }) {
  const [prefix, secure] = protocol === 'https:' ? ['__Host-', '; Secure'] : ['', ''];
  const cookie = `${prefix}session=${searchParams.get('token')}; Path=/; HttpOnly; SameSite=Lax${secure}`;
  return new Response('', { headers: { 'Set-Cookie': cookie } });
}

async function kv(request, url, namespace) {
  const key = url.searchParams.get('key');
  if (request.method === 'PUT') {
    await namespace.put(key, await request.text());
  } else if (request.method === 'DELETE') {
    await namespace.delete(key);
  }
  const { keys } = await namespace.list();
  return Response.json(
    await Promise.all(keys.map(async (entry) => ({ ...entry, value: await namespace.get(entry.name) }))),
  );
}
