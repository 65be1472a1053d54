/**
 * Runs batches. They are timed from outside, since a Worker's own clock stands still while it computes; what must not be timed
 * has a request of its own.
 *
 * | request | does |
 * |---|---|
 * | `GET /` | runs the empty batch |
 * | `GET /cases` | names the cases |
 * | `PUT /ALG/SET` | keeps these headers, a JSON array |
 * | `POST /NAME/ALG/SET?iterations=N` | makes the batch of this case ready |
 * | `GET /NAME/ALG/SET` | runs it |
 * | `GET /NAME/ALG` | what is made of the request's own header: 204 or 401 |
 */
import { type Prepared, inputs, prepared, verifyAll } from './batch.ts';
import { ALGORITHMS, type Algorithm, type Env, type Setup, type Verify } from './peer.ts';
import { PEERS } from './peers.ts';

interface Bindings extends Env {
  readonly SETUPS: Record<Algorithm, Setup>;
}

const EMPTY: Batch = { case: '/', inputs: [], verify: () => true };

const headers = new Map<string, string>();
const peers = new Map<string, Promise<Prepared>>();
let batch = EMPTY;

interface Batch {
  readonly case: string;
  readonly inputs: readonly unknown[];
  readonly verify: Verify<unknown>;
}

export default {
  async fetch(request: Request, env: Bindings): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const [, name = '', alg = '', set = ''] = pathname.split('/');
    if (request.method === 'PUT') {
      headers.set(pathname, await request.text());
    } else if (request.method === 'POST') {
      const peer = await peerOf(name, alg as Algorithm, env);
      const list = inputs(headers.get(`/${alg}/${set}`) ?? '[]', Number(searchParams.get('iterations')), peer);
      batch = { case: pathname, inputs: list, verify: peer.verify };
    } else if (pathname === '/cases') {
      return Response.json(cases());
    } else if (set || pathname === '/') {
      const { case: ready, inputs, verify } = pathname === '/' ? EMPTY : batch;
      if (ready !== pathname) throw new Error(`what is ready is ${ready}`);
      await verifyAll(inputs, verify);
    } else {
      const { verify, ready } = await peerOf(name, alg as Algorithm, env);
      const verdict = await verify(ready(request.headers.get('Authorization') ?? ''));
      return new Response(null, { status: verdict ? 204 : 401 });
    }
    return new Response(null, { status: 204 });
  },
};

function cases(): string[] {
  return Object.entries(PEERS).flatMap(([name, { lacks }]) =>
    ALGORITHMS.filter((alg) => !lacks?.includes(alg)).map((alg) => `${name}/${alg}`),
  );
}

function peerOf(name: string, alg: Algorithm, env: Bindings): Promise<Prepared> {
  const key = `${name}/${alg}`;
  const known = peers.get(key) ?? prepared(PEERS[name]!, env.SETUPS[alg], env);
  peers.set(key, known);
  return known;
}
