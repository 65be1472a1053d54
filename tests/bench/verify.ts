/**
 * `node tests/bench/verify.ts [--json]`: what it takes in workerd to verify one token, from the value of the header to the
 * verdict. `cargo xtask bench verify` installs the peers and runs this.
 *
 * - `NAME/ALG/new`: every token is one that this case has never seen;
 * - `NAME/ALG/repeat`: a few tokens again and again;
 * - `jose+kv`, `hono+kv`: then they look for the `jti` in Workers KV, which here answers from within the same process;
 * - `fast-jwt`: in Node, which is another runtime with other cryptography.
 */
import { type Started, drive, times } from './drive.ts';
import { type Mint, mints } from './mint.ts';
import { timeOverHttp } from './places.ts';
import { type Figure, figures } from './print.ts';
import { type Case, measure } from './rounds.ts';
import { workerWithLedger } from './services.ts';
import { inputs, prepared, verifyAll } from './verify/batch.ts';
import * as fastJwt from './verify/fast-jwt.ts';
import { ALGORITHMS, type Algorithm, type Env } from './verify/peer.ts';
import { checkRefusals } from './verify/refusals.ts';
import { startWorkerd } from './workerd.ts';

const ROUNDS = times(80);
const BATCH_NS = 10e6;
const WARM_UPS = times(5);
/** New tokens of a round: fewer of those that take long to sign or to verify. */
const NEW = { HS256: 1000, RS256: 200, ES256: 150, EdDSA: 150 } as const;
const FEW = 20;

type Set = 'new' | 'repeat';

await drive(run, (name) => name.replace(/^[^/]+/, 'jose'));

async function run(started: Started): Promise<Figure[]> {
  const minted = mints();
  const setups = Object.fromEntries(ALGORITHMS.map((alg) => [alg, minted[alg].setup]));
  const { url } = started.add(await startWorkerd(await workerWithLedger('verify/worker.ts', { SETUPS: setups })));
  const names = (await (await ask(`${url}/cases`)).json()) as string[];
  for (const name of names) await checkRefusals(url, name, minted);

  const headers = new Map<string, string>();
  const keep = async (set: Set, alg: Algorithm, count: number): Promise<void> => {
    const body = JSON.stringify(minted[alg].headers(count));
    headers.set(`${alg}/${set}`, body);
    await ask(`${url}/${alg}/${set}`, { method: 'PUT', body });
  };
  const before = async (): Promise<void> => {
    for (const alg of ALGORITHMS) await keep('new', alg, NEW[alg]);
  };
  for (const alg of ALGORITHMS) await keep('repeat', alg, FEW);

  const time = timeOverHttp(url);
  const load = (path: string, n: number) => ask(`${url}/${path}?iterations=${n}`, { method: 'POST' });
  const cases = [
    ...names.flatMap((name) => bothSets(name, async (path, n) => (await load(path, n), time(path, n)))),
    ...(await Promise.all(ALGORITHMS.map((alg) => inNode(minted[alg], headers)))).flat(),
  ];
  const timings = await measure(cases, { rounds: ROUNDS, batchNs: BATCH_NS, warmUps: WARM_UPS, before, progress });
  return figures(timings, 'us');
}

async function inNode({ setup }: Mint, headers: ReadonlyMap<string, string>): Promise<Case[]> {
  const peer = await prepared(fastJwt, setup, {} as Env);
  return bothSets(`fast-jwt/${setup.alg}`, async (path, iterations) => {
    const batch = inputs(headers.get(path.slice(path.indexOf('/') + 1)) ?? '[]', iterations, peer);
    const start = process.hrtime.bigint();
    await verifyAll(batch, peer.verify);
    return Number(process.hrtime.bigint() - start);
  });
}

/** @param run Is told the whole name. */
function bothSets(name: string, run: (path: string, iterations: number) => Promise<number>): Case[] {
  const iterations = NEW[name.split('/')[1] as Algorithm];
  return [
    { name: `${name}/new`, iterations, run: (n) => run(`${name}/new`, n) },
    { name: `${name}/repeat`, run: (n) => run(`${name}/repeat`, n) },
  ];
}

async function ask(url: string, init?: RequestInit): Promise<Response> {
  const answer = await fetch(url, init);
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}: ${await answer.text()}`);
  return answer;
}

function progress(round: number): void {
  if (round % 10 === 0) console.error(`· bench verify … ${round} of ${ROUNDS} rounds`);
}
