/** The same as an app of Hono's, with middleware before and behind the guard. */
import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { guard } from 'quash/hono';

import { answer } from './answer.js';

const app = new Hono();
app.use(cors({ origin: 'https://app.example', credentials: true }));
app.use(async (c, next) => {
  c.header('X-Before', 'was here');
  c.header('Cache-Control', 'public');
  c.header('Set-Cookie', 'before=1');
  if (c.req.query('read')) await c.req.text();
  await next();
  c.res.headers.set('X-After', 'was here');
});
app.use(guard());
app.use('/twice', guard());
app.use(async (c, next) => {
  await next();
  c.header('X-Behind', 'was here');
});
app.all('/kv', (c) => answer(c.req.raw, c.env));
app.all('*', async (c) => answer(c.req.raw, c.env, c.get('auth'), { path: c.req.path, body: await c.req.text() }));
app.onError(() => new Response('the handler has failed', { status: 500 }));

export default app;
