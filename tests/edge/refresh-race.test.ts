/**
 * Tabs that refresh at once, on real isolates, at a size that takes seconds; at its full one:
 *
 * ```sh
 * QUASH_TABS=100 QUASH_ROUNDS=1000 node_modules/.bin/node --test tests/edge/refresh-race.test.ts
 * ```
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { decodeJwt } from 'jose';

import { issuer, refresh, refreshToken } from './refresh.ts';
import { type Answer, type Place, call } from './requests.ts';
import { type Edge, start } from './server.ts';

const TABS = Number(process.env['QUASH_TABS'] ?? 12);
const ROUNDS = Number(process.env['QUASH_ROUNDS'] ?? 5);

/** A machine that is busy makes a ledger that is late: 503, after which the same may be sent again, as a client does. */
const MAX_LATE = 100;
let late = 0;

async function patiently(place: Place, mine: string): Promise<Answer> {
  for (;;) {
    const answer = await refresh(place, mine);
    if (answer.status !== 503) return answer;
    assert.ok(++late <= MAX_LATE, 'the ledger is always late');
    await delay(250);
  }
}

let edge: Edge;
before(async () => {
  const issuers = [issuer('patient', 'HS256', { grace: 60 }), issuer('at-once', 'HS256', { grace: 0 })];
  edge = await start({ ledger: { max_staleness: 2 }, quash: { issuers } });
});
after(() => edge?.stop());

test(`${TABS} tabs refresh at once, ${ROUNDS} times: nobody is logged out`, async () => {
  // Each tab goes on with what it was given itself, in an isolate of its own choice.
  let held = new Array<string>(TABS).fill(await refreshToken('patient'));
  for (let round = 0; round < ROUNDS; round++) {
    const answers = await Promise.all(held.map((mine, tab) => patiently(tab % 2 ? edge : edge.other, mine)));
    for (const { status, body } of answers) assert.equal(status, 200, `round ${round}: ${JSON.stringify(body)}`);
    held = answers.map(({ body }) => body.refresh_token);
    assert.equal(new Set(held.map((text) => decodeJwt(text).jti)).size, 1);
    assert.equal((await call(edge, answers[round % TABS]!.body.access_token)).status, 200);
  }
});

test(`${ROUNDS} replays after the grace: each ends its session, and no other`, async () => {
  const bystander = await refreshToken('at-once');
  for (let round = 0; round < ROUNDS; round++) {
    const mine = await refreshToken('at-once');
    const { status, body } = await refresh(edge, mine);
    if (status === 503) {
      // Whether that was its first use nobody knows, and there is no grace to ask again: another one.
      assert.ok(++late <= MAX_LATE, 'the ledger is always late');
      round--;
      continue;
    }
    const replayed = await patiently(edge.other, mine);
    assert.match(replayed.code!, late > 0 ? /^(refresh_token_reused|token_revoked)$/ : /^refresh_token_reused$/, `round ${round}`);
    assert.equal((await patiently(edge, body.refresh_token)).code, 'token_revoked', `round ${round}`);
  }
  assert.equal((await refresh(edge, bystander)).status, 200);
});
