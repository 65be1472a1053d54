/**
 * `node tests/bench/staleness.ts [--json]`: how long after a logout was acknowledged by one isolate another still accepts its token, on
 * workerd with a real ledger. `cargo xtask bench staleness` builds the parts and runs this.
 *
 * - `bounded/5s`, `bounded/1s`: with that as `max_staleness`, while requests go on;
 * - `strict`: how many of the tokens were accepted by a request that was sent after the acknowledgement.
 */
import { setTimeout as delay } from 'node:timers/promises';

import { call, logout } from '../edge/requests.ts';
import { type Edge, start } from '../edge/server.ts';
import { token } from '../edge/tokens.ts';
import { drive, times } from './drive.ts';
import type { Figure } from './print.ts';
import { quantile } from './rounds.ts';

const LOGOUTS = times(200);
/** So many users at once. */
const USERS = times(10);
/** How soon a thief tries again. */
const PAUSE_MS = 20;

await drive(async (started) => {
  const figures: Figure[] = [];
  for (const max_staleness of [5, 1]) {
    console.error(`max_staleness ${max_staleness} s: ${LOGOUTS} logouts`);
    const edge = started.add(await start({ ledger: { max_staleness }, quash: { routes: [{ path: '/strict', mode: 'strict' }] } }));
    const seen = await Promise.all(Array.from({ length: USERS }, () => one(edge)));
    const ms = seen.flatMap((user) => user.map(({ accepted }) => accepted));
    const figure = (metric: string, value: number): Figure => ({ case: `bounded/${max_staleness}s`, metric, value, unit: 'ms' });
    figures.push(figure('median', quantile(ms, 0.5)), figure('p99', quantile(ms, 0.99)), figure('max', Math.max(...ms)));
    const late = seen.flat().filter(({ strict }) => !strict).length;
    if (late > 0) throw new Error(`strict lets ${late} of ${LOGOUTS} pass`);
    await edge.stop();
  }
  return figures;
}, (name) => name);

/** How long each of a user's tokens was accepted by the other isolate, and whether `strict` refused another one at once. */
async function one(edge: Edge): Promise<{ accepted: number; strict: boolean }[]> {
  const seen = [];
  for (let round = 0; round < LOGOUTS / USERS; round += 1) {
    const mine = await token();
    const before = await call(edge.other, mine);
    if (before.status !== 200) throw new Error(`a good token is refused: ${before.code}`);
    await delay(Math.random() * 1000);
    const { status } = await logout(edge, mine);
    const acknowledged = performance.now();
    if (status !== 200) throw new Error(`a logout is answered ${status}`);
    let accepted = 0;
    for (;;) {
      const sent = performance.now();
      const answer = await call(edge.other, mine);
      if (answer.code === 'token_revoked') break;
      // It was decided after it was sent: at least so late it was accepted.
      accepted = sent - acknowledged;
      await delay(PAUSE_MS);
    }
    seen.push({ accepted, strict: await isRefusedByStrict(edge) });
  }
  return seen;
}

/** Of a token of its own: what `strict` was told of one, its isolate knows at once. */
async function isRefusedByStrict(edge: Edge): Promise<boolean> {
  const mine = await token();
  const before = await call(edge.other, mine, '/strict');
  if (before.status !== 200) throw new Error(`a good token is refused: ${before.code}`);
  const { status } = await logout(edge, mine);
  if (status !== 200) throw new Error(`a logout is answered ${status}`);
  return (await call(edge.other, mine, '/strict')).code === 'token_revoked';
}
