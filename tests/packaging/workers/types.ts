import { env } from 'cloudflare:workers';
import { Hono } from 'hono';
import { type Authenticated, type Claims, createGuard, type Guard, Ledger } from 'quash/edge';
import * as hono from 'quash/hono';
import worker from 'quash/worker';

interface Env {
  readonly QUASH_LEDGER: DurableObjectNamespace<Ledger>;
  readonly ENDPOINTS: Fetcher;
  readonly GREETING: string;
}

const { ENDPOINTS, QUASH_LEDGER } = env as unknown as Env;
const by: Guard = createGuard({ endpoints: ENDPOINTS, preflight: (request) => new Response(request.headers.get('Origin')) });
const told: Promise<Response> = QUASH_LEDGER.getByName('shard-0').fetch('https://ledger.invalid/0/head');

async function answer(request: Request, env: Env, context: ExecutionContext, auth: Authenticated | undefined): Promise<Response> {
  if (!auth) return new Response('nobody');
  const claims: Claims = auth.claims;
  const [subject, expiry]: [string | undefined, number] = [claims.sub, claims.exp];
  context.waitUntil(Promise.resolve(request.cf?.colo));
  // @ts-expect-error: what else a token says may be anything.
  const tenant: string = claims['tenant'];
  return Response.json({ greeting: env.GREETING, subject, expiry, tenant, label: auth.label });
}

const guarded = { fetch: by.handler(answer) } satisfies ExportedHandler<Env>;
const deployed = worker satisfies ExportedHandler<Record<string, unknown>>;

const app = new Hono<{ Variables: hono.Variables; Bindings: Env }>();
app.use(hono.guard(by));
app.get('/me', (c) => c.json({ sub: c.get('auth')?.claims.sub, greeting: c.env.GREETING }));
app.get('/own', hono.guard(), (c) => c.text(c.var.auth?.token ?? ''));

export { Ledger, app, deployed, told };
export default guarded;
