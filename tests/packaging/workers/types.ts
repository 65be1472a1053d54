import { env } from 'cloudflare:workers';
import { Hono } from 'hono';
import { type Authenticated, type Claims, createGuard, Endpoints, type Guard, Ledger, QuashError, type Receipt } from 'quash/edge';
import * as hono from 'quash/hono';
import worker from 'quash/worker';

interface Env {
  readonly QUASH_LEDGER: DurableObjectNamespace<Ledger>;
  readonly ENDPOINTS: Service<Endpoints>;
  readonly OTHERS: Fetcher;
  readonly GREETING: string;
}

const { ENDPOINTS, OTHERS, QUASH_LEDGER } = env as unknown as Env;
const by: Guard = createGuard({ endpoints: ENDPOINTS, preflight: (request) => new Response(request.headers.get('Origin')) });
createGuard({ endpoints: OTHERS });
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

async function logOutEverywhere(sub: string, token: string): Promise<number | undefined> {
  const iss = 'https://issuer.example';
  try {
    const { claims, label }: Authenticated = await by.verify(token);
    if (claims.sid) await by.revoke({ iss, sub, keep: claims.sid, before: new Date(), reason: label ? 'other' : 'credential_change' });
    // @ts-expect-error: what is undefined would be more than was meant.
    await by.revoke({ iss, sub, keep: claims.sid });
    // @ts-expect-error: an issuer is needed.
    await by.revoke({ sub });
  } catch (error) {
    if (error instanceof QuashError && error.code === 'store_unavailable') throw error;
  }
  const receipt: Receipt = await by.revoke({ token });
  return receipt.outcome === 'revoked' ? receipt.effective_by : undefined;
}

const guarded = { fetch: by.handler(answer) } satisfies ExportedHandler<Env>;
const deployed = worker satisfies ExportedHandler<Record<string, unknown>>;

const app = new Hono<{ Variables: hono.Variables; Bindings: Env }>();
app.use(hono.guard(by));
app.get('/me', (c) => c.json({ sub: c.get('auth')?.claims.sub, greeting: c.env.GREETING }));
app.get('/own', hono.guard(), (c) => c.text(c.var.auth?.token ?? ''));

export { Endpoints, Ledger, app, deployed, logOutEverywhere, told };
export default guarded;
