/**
 * The Admin API: docs/admin.md.
 *
 * | standard | shown by |
 * |---|---|
 * | RFC 9457 3: `application/problem+json`; 3.1.2: `status` is that of the answer | every `problem(…)` |
 * | RFC 9110 15.5.2: a 401 has a challenge; 15.5.6: a 405 tells what is allowed | `nobody without a secret, …`; `what there is not` |
 * | Idempotency-Key draft 2.6: the first answer again | `the same again …` |
 * | 2.7: 422 where the payload is another; while the first is under way SHOULD be a conflict, and is its answer here | `it stands for one body, …`; `two at once are one` |
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { ADMINISTRATOR, all, ask, audit, basic, explain, list, revokeMany, revokeOne } from './admin.ts';
import { assertion, clients as assertionClients, quash as withServer } from './assertions.ts';
import { type Answer, call, get, logout } from './requests.ts';
import { CLIENT, type Edge, start } from './server.ts';
import { ISSUER, now, token } from './tokens.ts';

const OTHER = 'url-safe_secret_of_another_client_32';
const STRICT = [{ path: '/strict/*', mode: 'strict' }];

let edge: Edge;
before(async () => {
  const signing = assertionClients.map((client) => (client.id === 'signing' ? { ...client, may: ['administer'] } : client));
  const other = { id: 'other', secret: 'SECRET_OF_OTHER', may: ['administer'] };
  const clients = [ADMINISTRATOR, ...signing.filter(({ id }) => id !== CLIENT.id), other];
  const quash = { ...withServer, clients, routes: STRICT };
  edge = await start({ ledger: { shards: 3, max_staleness: 1 }, quash, secrets: { SECRET_OF_OTHER: OTHER } });
});
after(() => edge?.stop());

/** What a route says that asks the ledger. */
const judged = async (mine: string): Promise<string | undefined> => (await call(edge, mine, '/strict/x')).code;

/** A problem as RFC 9457 has it. */
function problem({ status, headers, body }: Answer, expected: number, code: string): void {
  assert.deepEqual([status, body.status, body.code], [expected, expected, code], JSON.stringify(body));
  assert.equal(headers.get('content-type'), 'application/problem+json');
  assert.equal(headers.get('cache-control'), 'no-store');
  assert.equal(headers.get('access-control-allow-origin'), null);
  assert.deepEqual(Object.keys(body), ['type', 'title', 'status', 'detail', 'code']);
}

describe('who may', () => {
  test('nobody without a secret, and one answer for every reason', async () => {
    const cookie = { cookie: `session=${await token()}`, authorization: '' };
    const [wrong, nobody] = [basic(CLIENT.id, `${CLIENT.secret}x`), basic('nobody', CLIENT.secret)];
    for (const headers of [{ authorization: '' }, wrong, nobody, { authorization: `Bearer ${await token()}` }, cookie]) {
      for (const path of ['/revocations', '/audit', '/nothing']) {
        const answer = await ask(edge, 'GET', path, { headers });
        problem(answer, 401, 'client_unknown');
        assert.match(answer.headers.get('www-authenticate')!, /^Basic /);
      }
    }
  });

  test('no client that was not told so', async () => {
    const without = await start({ quash: { clients: [{ id: CLIENT.id, secret: 'CLIENT_SECRET', may: ['revoke', 'introspect'] }] } });
    try {
      problem(await ask(without, 'GET', '/audit'), 403, 'client_forbidden');
    } finally {
      await without.stop();
    }
  });

  test('who signs says so in a header, once', async () => {
    const headers = async () => ({ 'client-assertion': await assertion(), authorization: '' });
    const once = await headers();
    assert.equal((await ask(edge, 'GET', '/audit', { headers: once })).status, 200);
    problem(await ask(edge, 'GET', '/audit', { headers: once }), 401, 'client_unknown');
    problem(await ask(edge, 'GET', '/audit', { headers: { 'client-assertion': await assertion() } }), 401, 'client_unknown');
  });

  test('a page of another site has nothing to ask here', async () => {
    const preflight = { origin: 'https://app.example', 'access-control-request-method': 'GET', authorization: '' };
    const answer = await ask(edge, 'OPTIONS', '/audit', { headers: preflight });
    problem(answer, 401, 'client_unknown');
  });

  test('what there is not', async () => {
    problem(await ask(edge, 'GET', '/nothing'), 404, 'route_unknown');
    for (const [method, path, allow] of [
      ['PUT', '/revocations', 'GET, POST'],
      ['GET', '/explain', 'POST'],
      ['POST', '/audit', 'GET'],
    ] as const) {
      const answer = await ask(edge, method, path);
      problem(answer, 405, 'method_not_allowed');
      assert.equal(answer.headers.get('allow'), allow);
    }
  });
});

describe('revoke', () => {
  test('a token, and what is said of it', async () => {
    const mine = await token();
    assert.equal(await judged(mine), undefined);
    const { status, headers, body } = await revokeOne(edge, { token: mine });
    assert.deepEqual([status, headers.get('content-type'), headers.get('cache-control')], [200, 'application/json', 'no-store']);
    const { id, revoked_at, expires_at, effective_by } = body;
    const [said, reason] = [{ outcome: 'revoked', mode: 'bounded' }, 'administrator'];
    assert.deepEqual(body, { ...said, id, kind: 'token', covers: [{}], revoked_at, expires_at, reason, effective_by });
    assert.match(id, /^[0-9a-f]{31}1$/);
    assert.ok(Math.abs(revoked_at - now()) < 60 && expires_at > now() + 590 && effective_by >= revoked_at + 1);
    assert.equal(await judged(mine), 'token_revoked');
    const kept = (await edge.entries()).find(({ name }) => name === `r1/${id}`);
    assert.match(kept?.value ?? '', / administrator$/);
  });

  test('by each name that tokens have, and no other token', async () => {
    for (const [claims, demand] of [
      [{ jti: 'j' }, { jti: 'j' }],
      [{ jti: 'k' }, { jti: 'k', exp: now() + 60 }],
      [{ sid: 'd' }, { sid: 'd' }],
      [{ sub: 's' }, { sub: 's', reason: 'account_disabled' }],
      [{ client_id: 'c' }, { client_id: 'c' }],
      [{ tenant: 't' }, { claim: 'tenant', value: 't' }],
    ] as const) {
      const [mine, another] = [await token({ claims }), await token()];
      const { status, body } = await revokeOne(edge, { iss: ISSUER, ...demand });
      assert.deepEqual([status, body.outcome], [200, 'revoked'], JSON.stringify([demand, body]));
      assert.equal(await judged(mine), 'token_revoked', JSON.stringify(demand));
      assert.equal(await judged(another), undefined, JSON.stringify(demand));
    }
    const [mine, another] = [await token({ alg: 'HS384' }), await token()];
    await revokeOne(edge, { iss: ISSUER, kid: 'HS384' });
    assert.deepEqual([await judged(mine), await judged(another)], ['token_revoked', undefined]);
  });

  test('what was issued before, and all but a session', async () => {
    const sub = randomUUID();
    const issued = (ago: number) => token({ claims: { sub, iat: now() - ago } });
    const [old, young] = [await issued(100), await issued(10)];
    const { body } = await revokeOne(edge, { iss: ISSUER, sub, before: now() - 50 });
    assert.equal(body.covers.length, 1);
    assert.deepEqual([await judged(old), await judged(young)], ['token_revoked', undefined]);
    const kept = await token({ claims: { sub, sid: sub } });
    const spared = (await revokeOne(edge, { iss: ISSUER, sub, keep: sub })).body;
    assert.match(spared.covers[0].keep, /^[0-9a-f]{31}3$/);
    assert.deepEqual([await judged(young), await judged(kept)], ['token_revoked', undefined]);
  });

  test('what is dead needs nothing', async () => {
    const dead = await token({ claims: { iat: now() - 800, exp: now() - 100 } });
    assert.deepEqual((await revokeOne(edge, { token: dead })).body, { outcome: 'expired' });
  });

  test('what is wrong is named, and nothing is done', async () => {
    const before = (await all((query) => audit(edge, query), 'records')).length;
    for (const [demand, status, code] of [
      [{}, 400, 'member_invalid'],
      [{ iss: ISSUER }, 400, 'member_invalid'],
      [{ iss: ISSUER, sub: 'x', kepp: 'y' }, 400, 'member_invalid'],
      [{ iss: ISSUER, sub: 'x', before: now() + 3600 }, 400, 'member_invalid'],
      // Milliseconds.
      [{ iss: ISSUER, sub: 'x', before: Date.now() }, 400, 'member_invalid'],
      [{ iss: ISSUER, jti: 'x', exp: now() + 100_000 }, 400, 'member_invalid'],
      [{ iss: ISSUER, claim: 'color', value: 'x' }, 400, 'member_invalid'],
      [{ iss: 'https://other.example', sub: 'x' }, 400, 'issuer_unknown'],
      [{ token: 'x' }, 400, 'token_segments'],
      [{ token: `${await token()}=` }, 400, 'token_base64url'],
      [[], 400, 'body_not_json'],
    ] as const) {
      const answer = await revokeOne(edge, demand);
      problem(answer, status, code);
      assert.equal(answer.headers.get('www-authenticate'), null);
    }
    problem(await ask(edge, 'POST', '/revocations', { body: '{}', headers: { 'content-type': 'text/plain' } }), 415, 'body_type_refused');
    problem(await ask(edge, 'POST', '/revocations'), 400, 'body_not_json');
    problem(await revokeOne(edge, { token: 'x'.repeat(20_000) }), 413, 'body_too_large');
    assert.equal((await all((query) => audit(edge, query), 'records')).length, before);
  });

  test('many at once, each with its answer', async () => {
    const tokens = await Promise.all([1, 2, 3].map(() => token()));
    const { status, headers, body } = await revokeMany(edge, [
      { token: tokens[0] },
      '',
      { token: 'garbled' },
      'no json',
      { iss: ISSUER, sub: 'x', sid: 'y' },
      { token: tokens[1], note: 'twice' },
      { token: tokens[1] },
    ]);
    assert.deepEqual([status, headers.get('content-type')], [200, 'application/x-ndjson']);
    assert.deepEqual(
      body.map(({ line, code }: any) => [line, code ?? 'revoked']),
      [[1, 'revoked'], [3, 'token_segments'], [4, 'body_not_json'], [5, 'member_invalid'], [6, 'revoked'], [7, 'revoked']],
    );
    assert.deepEqual(await Promise.all(tokens.map(judged)), ['token_revoked', 'token_revoked', undefined]);
  });

  test('as many as there may be, in all shards; and one more is too many, for all of them', async () => {
    const demands = Array.from({ length: 301 }, () => ({ iss: ISSUER, jti: randomUUID() }));
    const [mine, ...others] = demands;
    problem(await revokeMany(edge, demands), 413, 'body_too_large');
    assert.equal(await judged(await token({ claims: { jti: mine!.jti } })), undefined);
    const { body } = await revokeMany(edge, others);
    assert.ok(body.length === 300 && body.every(({ outcome }: any) => outcome === 'revoked'));
    const codes = await Promise.all(others.slice(0, 5).map(async ({ jti }) => judged(await token({ claims: { jti } }))));
    assert.deepEqual(new Set(codes), new Set(['token_revoked']));
  });

  test('an outage is nobody’s line: nothing is acknowledged, and the same again completes it', async () => {
    const demands = [{ iss: ISSUER, jti: randomUUID() }, { iss: ISSUER, jti: randomUUID() }];
    const key = randomUUID();
    await edge.ledgerFault('down');
    try {
      const answer = await revokeMany(edge, demands);
      problem(answer, 503, 'store_unavailable');
      assert.equal(answer.headers.get('retry-after'), '5');
      problem(await revokeMany(edge, demands, key), 503, 'store_unavailable');
    } finally {
      await edge.ledgerFault(undefined);
    }
    assert.equal((await revokeMany(edge, demands, key)).status, 200);
    for (const { jti } of demands) assert.equal(await judged(await token({ claims: { jti } })), 'token_revoked');
  });
});

describe('Idempotency-Key', () => {
  test('the same again has the same answer, from another isolate and after a restart as well', async () => {
    const [key, sub] = [randomUUID(), randomUUID()];
    const demand = { iss: ISSUER, sub };
    const first = await revokeOne(edge, demand, `"${key}"`);
    assert.equal(first.status, 200);
    for (const place of [edge, edge.other]) assert.deepEqual((await revokeOne(place, demand, key)).body, first.body);
    edge = await edge.restart();
    assert.deepEqual((await revokeOne(edge, demand, key)).body, first.body);
    const until = first.body.covers[0].issued_until;
    assert.equal((await list(edge, { iss: ISSUER, sub })).body.revocations[0].covers[0].issued_until, until);
    // Without the key it is another request, and ends what was begun since.
    const again = await revokeOne(edge, demand);
    assert.ok(again.body.covers[0].issued_until > until);
  });

  test('two at once are one', async () => {
    const demand = { iss: ISSUER, sub: randomUUID() };
    const key = randomUUID();
    const places = [edge, edge.other, edge, edge.other];
    const answers = await Promise.all(places.map((place) => revokeOne(place, demand, key)));
    for (const { status, body } of answers) assert.deepEqual([status, body], [200, answers[0]!.body]);
    const many = await Promise.all(places.map((place) => revokeMany(place, [demand, {}], `${key}-`)));
    for (const { status, body } of many) assert.deepEqual([status, body], [200, many[0]!.body]);
  });

  test('one that was begun and not ended goes by when it began', async () => {
    const demand = { iss: ISSUER, sub: randomUUID() };
    const key = randomUUID();
    // The object that remembers answers, and no shard does.
    await edge.ledgerFault('shards');
    const begun = Date.now() / 1000;
    try {
      problem(await revokeOne(edge, demand, key), 503, 'store_unavailable');
    } finally {
      await edge.ledgerFault(undefined);
    }
    const ended = Date.now() / 1000;
    await new Promise((resolve) => setTimeout(resolve, 50));
    const { body } = await revokeOne(edge, demand, key);
    const until = body.covers[0].issued_until;
    // The issuer's leeway is on top.
    assert.ok(until >= begun + 5 && until <= ended + 5, `${begun} ${until} ${ended}`);
    assert.ok(body.revoked_at > ended);
  });

  test('it stands for one body, and is its client’s', async () => {
    const demand = { iss: ISSUER, sub: randomUUID() };
    const key = randomUUID();
    const first = await revokeOne(edge, demand, key);
    problem(await revokeOne(edge, { ...demand, note: 'x' }, key), 422, 'idempotency_key_reused');
    problem(await revokeMany(edge, [demand], key), 422, 'idempotency_key_reused');
    const headers = { ...basic('other', OTHER), 'content-type': 'application/json', 'idempotency-key': key };
    const others = await ask(edge, 'POST', '/revocations', { body: JSON.stringify(demand), headers });
    assert.equal(others.status, 200);
    assert.notEqual(others.body.effective_by, first.body.effective_by);
    // What is refused as a whole uses none up.
    const another = randomUUID();
    problem(await revokeOne(edge, { ...demand, iss: 'https://misspelt.example' }, another), 400, 'issuer_unknown');
    assert.equal((await revokeOne(edge, demand, another)).status, 200);
    for (const wrong of ['""', 'a b', 'x'.repeat(256)]) problem(await revokeOne(edge, demand, wrong), 400, 'parameter_invalid');
  });
});

describe('list', () => {
  test('all of it, page after page, while more is revoked', async () => {
    const demands = Array.from({ length: 30 }, () => ({ iss: ISSUER, sub: randomUUID() }));
    const ids = (await revokeMany(edge, demands)).body.map(({ id }: any) => id);
    const found = new Set<string>();
    let pages = 0;
    for (let next: string | undefined; next !== undefined || pages === 0; pages += 1) {
      const { status, body } = await list(edge, { kind: 'subject', limit: '7', ...(next !== undefined && { cursor: next }) });
      assert.ok(status === 200 && body.revocations.length <= 7);
      for (const { id, kind } of body.revocations) {
        assert.equal(kind, 'subject');
        found.add(id);
      }
      next = body.next;
      // One of those that were there changes, and has a new number.
      await revokeOne(edge, demands[pages % demands.length]);
    }
    assert.ok(pages > 4 && ids.every((id: string) => found.has(id)));
  });

  test('of a kind, for a reason, of a time', async () => {
    const mine = await token({ claims: { sid: randomUUID() } });
    const since = now();
    await logout(edge, mine, { scope: 'session' });
    await revokeOne(edge, { iss: ISSUER, sid: randomUUID(), reason: 'client' });
    const rows = await all((query) => list(edge, query), 'revocations');
    assert.ok(rows.length > 300);
    const some = (query: Record<string, string>) => all((page) => list(edge, page), 'revocations', query);
    for (const [query, keep] of [
      [{ kind: 'session' }, (row: any) => row.kind === 'session'],
      [{ kind: 'token' }, (row: any) => row.kind === 'token'],
      [{ reason: 'logout' }, (row: any) => row.reason === 'logout'],
      [{ reason: 'client', kind: 'session' }, (row: any) => row.reason === 'client' && row.kind === 'session'],
      [{ since: String(since) }, (row: any) => row.revoked_at >= since],
      [{ until: String(since) }, (row: any) => row.revoked_at < since],
    ] as const) {
      const expected = rows.filter(keep);
      assert.ok(expected.length > 0 && expected.length < rows.length, JSON.stringify(query));
      assert.deepEqual(await some(query), expected, JSON.stringify(query));
    }
  });

  test('one thing, by its name or its id', async () => {
    const sub = randomUUID();
    assert.deepEqual((await list(edge, { iss: ISSUER, sub })).body, { revocations: [] });
    const { id, outcome: _, mode: __, effective_by: ___, ...entry } = (await revokeOne(edge, { iss: ISSUER, sub })).body;
    for (const query of [{ iss: ISSUER, sub }, { id }]) {
      assert.deepEqual((await list(edge, query)).body, { revocations: [{ id, ...entry }] });
    }
  });

  test('a wrong query is refused', async () => {
    for (const query of ['knd=subject', 'kind=x', 'limit=0', 'cursor=3-0', 'cursor=x', 'id=x', `iss=${ISSUER}`]) {
      problem(await ask(edge, 'GET', `/revocations?${query}`), 400, 'parameter_invalid');
    }
    problem(await list(edge, { iss: 'https://other.example', sub: 'x' }), 400, 'issuer_unknown');
  });
});

describe('explain', () => {
  test('what every check says, and which entry covers it', async () => {
    const mine = await token({ claims: { sid: randomUUID() }, alg: 'ES256' });
    const good = await explain(edge, mine);
    assert.deepEqual([good.status, good.body.verdict, good.body.code], [200, 'accepted', undefined]);
    const what = 'form key signature type audience expiry start lifetime claims token session subject key issuer';
    assert.deepEqual(good.body.steps.map((step: any) => step.what), what.split(' '));
    assert.ok(good.body.steps.every((step: any) => step.outcome === 'passed'));
    const { body } = await revokeOne(edge, { token: mine });
    const revoked = (await explain(edge, mine)).body;
    assert.deepEqual([revoked.verdict, revoked.code], ['refused', 'token_revoked']);
    const step = revoked.steps.find(({ what }: any) => what === 'token');
    assert.ok(step.outcome === 'failed' && step.detail.startsWith(`${body.id}: revoked 0 s ago for administrator`), step.detail);
    assert.ok(!JSON.stringify(revoked).includes(mine));
  });

  test('a token that is not good', async () => {
    const [header, payload] = (await token()).split('.');
    for (const [text, code, last] of [
      ['x', 'token_segments', 'form'],
      [await token({ claims: { iss: 'https://other.example' } }), 'issuer_unknown', 'key'],
      [`${header}.${payload}.AAAA`, 'signature_invalid', 'signature'],
      [await token({ claims: { exp: now() - 100 } }), 'token_expired', 'issuer'],
    ] as const) {
      const { status, body } = await explain(edge, text);
      assert.deepEqual([status, body.verdict, body.code, body.steps.at(-1).what], [200, 'refused', code, last], code);
    }
    const misspelt = { body: '{"tokn":""}', headers: { 'content-type': 'application/json' } };
    problem(await ask(edge, 'POST', '/explain', misspelt), 400, 'member_invalid');
  });

  test('what nobody could be asked about stays open', async () => {
    const mine = await token();
    await edge.ledgerFault('down');
    try {
      const { status, body } = await explain(edge, mine);
      assert.deepEqual([status, body.verdict, body.steps.at(-1).outcome], [200, 'open', 'open']);
    } finally {
      await edge.ledgerFault(undefined);
    }
  });
});

describe('audit', () => {
  test('who did what, and why; in the order in which it was done, and as often', async () => {
    const [jti, since] = [randomUUID(), Date.now() / 1000];
    const told = { actor: 'ann <ann@example.com>', note: 'stolen\n"laptop"\t', reason: 'credential_change' };
    const { id } = (await revokeOne(edge, { iss: ISSUER, jti, ...told })).body;
    await revokeOne(edge, { iss: ISSUER, jti });
    const records = await all((query) => audit(edge, query), 'records', { since: String(Math.floor(since)) });
    const mine = records.filter((record) => record.id === id);
    const [last, first] = mine;
    assert.equal(mine.length, 2);
    const done = { client: CLIENT.id, action: 'revoke', id };
    assert.deepEqual(first, { seq: first.seq, at: first.at, ...done, ...told });
    assert.deepEqual(last, { seq: last.seq, at: last.at, ...done, reason: 'administrator' });
    assert.ok(last.seq > first.seq && last.at >= first.at && first.at >= since - 1 && first.at < since + 60);
    // Nothing of what is revoked by is in it.
    assert.ok(!JSON.stringify(mine).includes(jti));
  });

  test('page after page, each record once, and none of another time', async () => {
    const records = await all((query) => audit(edge, query), 'records');
    assert.ok(records.length > 300);
    const pages = await all((query) => audit(edge, query), 'records', { limit: '50' });
    assert.deepEqual(pages, records);
    assert.equal(new Set(records.map(({ id, seq }) => `${id} ${seq}`)).size, records.length);
    const middle = records[Math.floor(records.length / 2)].at;
    const later = await all((query) => audit(edge, query), 'records', { since: String(middle) });
    assert.deepEqual(later, records.filter(({ at }) => at >= middle));
    const earlier = await all((query) => audit(edge, query), 'records', { until: String(middle) });
    assert.deepEqual(earlier, records.filter(({ at }) => at < middle));
    problem(await audit(edge, { cursor: '9-0' }), 400, 'parameter_invalid');
  });

  test('a repeated request is not done again, and a logout is no administrator’s', async () => {
    const [key, jti] = [randomUUID(), randomUUID()];
    const { id } = (await revokeOne(edge, { iss: ISSUER, jti }, key)).body;
    await revokeOne(edge, { iss: ISSUER, jti }, key);
    await logout(edge, await token({ claims: { jti } }));
    const records = await all((query) => audit(edge, query), 'records');
    assert.equal(records.filter((record) => record.id === id).length, 1);
  });

  test('followers are not told of it', async () => {
    const note = `note-${randomUUID()}`;
    await revokeMany(edge, Array.from({ length: 9 }, () => ({ iss: ISSUER, jti: randomUUID(), note })));
    for (const shard of [0, 1, 2]) {
      const head = Buffer.from(await (await edge.ledger(`${shard}/head?count=3`)).arrayBuffer());
      assert.ok(head.includes('QLD') && !head.includes(note));
    }
    assert.ok(!JSON.stringify(await edge.entries()).includes(note));
  });
});

describe('without a ledger', () => {
  let alone: Edge;
  before(async () => {
    alone = await start({ quash: { clients: [ADMINISTRATOR] } });
  });
  after(() => alone?.stop());

  test('what is revoked is revoked, and found by its name', async () => {
    const mine = await token();
    const { status, body } = await revokeOne(alone, { token: mine });
    assert.deepEqual([status, body.mode, body.effective_by], [200, 'eventual', undefined]);
    assert.equal((await call(alone, mine)).code, 'token_revoked');
    assert.equal((await list(alone, { id: body.id })).body.revocations.length, 1);
    assert.equal((await explain(alone, mine)).body.code, 'token_revoked');
  });

  test('what only a ledger knows is not there', async () => {
    const repeatable = await revokeOne(alone, { iss: ISSUER, sub: 'x' }, 'key');
    const sparing = await revokeOne(alone, { iss: ISSUER, sub: 'y', keep: 'd1' });
    for (const answer of [await list(alone), await audit(alone), repeatable, sparing]) problem(answer, 501, 'ledger_needed');
    assert.deepEqual((await list(alone, { iss: ISSUER, sub: 'y' })).body, { revocations: [] });
    assert.deepEqual((await list(alone, { iss: ISSUER, sub: 'x' })).body, { revocations: [] });
  });
});

test('what is beside it is the origin’s', async () => {
  assert.equal((await get(edge, '/auth/admin')).code, 'token_missing');
  assert.equal((await get(edge, '/auth/administrator')).code, 'token_missing');
});
