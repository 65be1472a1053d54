// An app of Hono's, which leaves the endpoints and the ledger to the Worker that is deployed for them.
import { env } from 'cloudflare:workers';
import { Hono } from 'hono';
import { createGuard, guard } from 'quash/hono';

const app = new Hono();
const by = createGuard({ endpoints: env.ENDPOINTS });
app.use(guard(by));
app.get('/out', async (c) => c.json(await by.revoke({ token: c.get('auth').token })));
app.get('*', (c) => c.text(c.get('auth')?.claims.sub ?? 'nobody'));

export default app;
