/** The ledger's Durable Object on a real workerd: what it keeps, what it answers, and that nothing of it is lost. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { type Ledger, startLedger } from './ledger/server.ts';

let ledger: Ledger;
before(async () => {
  ledger = await startLedger();
});
after(() => ledger.stop());

/** Each describe has shards of its own. */
const PAGE = 1024;
const KV = 'QUASH_DENYLIST';
const now = () => Math.floor(Date.now() / 1000);
const newId = () => randomBytes(16).toString('hex');

interface Entry {
  readonly id?: string;
  readonly cutoff?: string;
  readonly expiresAt?: number;
  readonly revokedAt?: number;
}

function line({ id = newId(), cutoff = 'always', expiresAt = now() + 600, revokedAt = now() - 60 }: Entry = {}): string {
  return `r1/${id} 1 ${cutoff} - ${expiresAt * 1000} ${revokedAt * 1000} logout`;
}

function append(shard: number, ...entries: Entry[]): Promise<void> {
  return appendFor(KV, shard, ...entries);
}

/** For Workers that have their denylist in this namespace of Workers KV. */
async function appendFor(kv: string, shard: number, ...entries: Entry[]): Promise<void> {
  const answer = await ledger.post(`${shard}/append`, [kv, ...entries.map(line)]);
  assert.equal(answer.status, 200, await answer.text());
}

describe('a log', () => {
  test('is empty at first, and has an epoch of its own', async () => {
    const [one, other] = [await ledger.part('10/head'), await ledger.part('11/head')];
    assert.deepEqual([one.shard, one.from, one.to, one.head, one.rows], [10, 0, 0, 0, []]);
    assert.notEqual(one.epoch, other.epoch);
    assert.equal((await ledger.part('10/head')).epoch, one.epoch);
  });

  test('numbers what is appended, in its order', async () => {
    const ids = [newId(), newId(), newId()];
    const [expiresAt, revokedAt] = [now() + 500, now() - 3];
    await append(12, { id: ids[0]!, expiresAt, revokedAt }, { id: ids[1]! });
    await append(12, { id: ids[2]!, cutoff: '1763936430123' });
    const { from, to, head, rows } = await ledger.part('12/head');
    assert.deepEqual([from, to, head], [0, 3, 3]);
    assert.deepEqual(rows.map(({ id }) => id), ids);
    assert.deepEqual(rows[0], { id: ids[0], reason: 0, expiresAt, revokedAt, everyone: 'always' });
    assert.equal(rows[2]!.everyone, 1763936430123);
  });

  test('merges what comes twice: the longer one stays, and has a new number only when something has changed', async () => {
    const [id, other, since] = [newId(), newId(), now()];
    await append(13, { id, expiresAt: since + 900, revokedAt: since }, { id: other });
    await append(13, { id, expiresAt: since + 100, revokedAt: since });
    await append(13, { id, expiresAt: since + 900, revokedAt: since + 9 });
    assert.equal((await ledger.part('13/head')).head, 2);
    const expiresAt = now() + 2000;
    await append(13, { id, expiresAt, cutoff: '5000' });
    const { head, rows } = await ledger.part('13/head');
    assert.equal(head, 3);
    assert.deepEqual(rows.map((row) => row.id), [other, id]);
    assert.deepEqual([rows[1]!.expiresAt, rows[1]!.everyone], [expiresAt, 'always']);
  });

  test('is looked up by id, exactly', async () => {
    const [id, other] = [newId(), newId()];
    await append(14, { id });
    const found = await (await ledger.post('14/look-up', [`r1/${id}`, `r1/${other}`])).text();
    assert.match(found, new RegExp(`^r1/${id} 1 always - \\d+ \\d+ logout\n$`));
  });

  test('takes nothing of a request of which it cannot read all', async () => {
    for (const lines of [[KV, line(), 'r1/x 1 always'], [line(), line()], ['', line()], []]) {
      assert.equal((await ledger.post('15/append', lines)).status, 400);
    }
    assert.equal((await ledger.part('15/head')).head, 0);
    for (const path of ['15/', '15/nothing', '15/copy', 'x/head', '15/pages/x', '256/head']) {
      assert.equal((await ledger.post(path, [])).status, 404, path);
    }
    assert.equal((await ledger.post('15/look-up', ['r1/x'])).status, 400);
  });

  test('drops what has expired, and goes on counting', async () => {
    const id = newId();
    await append(16, { expiresAt: now() - 1, revokedAt: now() - 9 }, { id }, { expiresAt: now() - 5, revokedAt: now() - 9 });
    await ledger.ring(16);
    const { head, rows } = await ledger.part('16/head');
    assert.deepEqual([head, rows.map((row) => row.id)], [3, [id]]);
    ledger = await ledger.restart();
    await append(16, {});
    assert.equal((await ledger.part('16/head')).head, 4);
  });
});

describe('pages', () => {
  const SHARD = 20;
  const ids = Array.from({ length: 4 * PAGE + 10 }, newId);
  before(async () => {
    for (let at = 0; at < ids.length; at += 500) await append(SHARD, ...ids.slice(at, at + 500).map((id) => ({ id })));
  });

  test('the head has the last two of them, and the others lead to it', async () => {
    const head = await ledger.part(`${SHARD}/head`);
    assert.deepEqual([head.from, head.to, head.head], [3 * PAGE, ids.length, ids.length]);
    const page = await ledger.part(`${SHARD}/pages/0`);
    assert.deepEqual([page.from, page.to, page.head], [0, 4 * PAGE, ids.length]);
    assert.deepEqual(page.rows.map(({ id }) => id), ids.slice(0, 4 * PAGE));
    assert.deepEqual(head.rows.map(({ id }) => id), ids.slice(3 * PAGE));
    // One that is not full is none: its asker is told where the log is.
    assert.deepEqual(await ledger.part(`${SHARD}/pages/4`), head);
    assert.deepEqual((await ledger.part(`${SHARD}/pages/2`)).rows.map(({ id }) => id), ids.slice(2 * PAGE, 4 * PAGE));
  });

  test('a row that has changed is on the last one', async () => {
    await append(SHARD, { id: ids[5]!, expiresAt: now() + 5000 });
    const [page, head] = [await ledger.part(`${SHARD}/pages/0`), await ledger.part(`${SHARD}/head`)];
    assert.equal(page.rows.length, 4 * PAGE - 1);
    assert.equal(head.rows.at(-1)!.id, ids[5]);
  });

  test('are the same after a restart', async () => {
    const before = await ledger.part(`${SHARD}/head`);
    ledger = await ledger.restart();
    assert.deepEqual(await ledger.part(`${SHARD}/head`), before);
  });
});

describe('lifting', () => {
  const lift = async (shard: number, seen: string, record = '', count = 1) =>
    (await ledger.post(`${shard}/lift`, ['365', `${seen}\t${record}`], count)).text();
  const found = async (shard: number, id: string) => (await ledger.post(`${shard}/look-up`, [`r1/${id}`])).text();

  test('what was seen is lifted, and what comes after counts', async () => {
    const [id, revokedAt, expiresAt] = [newId(), now() - 60, now() + 600];
    const seen = line({ id, revokedAt, expiresAt });
    await append(17, { id, revokedAt, expiresAt });
    const before = Date.now();
    const lifted = await lift(17, seen, '{"action":"lift"}');
    const [, at] = new RegExp(`^r1/${id} 2 1 nothing - ${expiresAt}000 (\\d+) logout\n$`).exec(lifted)!;
    assert.ok(Number(at) >= before && Number(at) <= Date.now());
    // It may come twice.
    assert.deepEqual([await lift(17, seen, '{"action":"lift"}'), await found(17, id)], [lifted, lifted]);
    const { head, rows } = await ledger.part('17/head');
    assert.deepEqual([head, rows.length, rows[0]!.everyone, rows[0]!.lifts], [2, 1, 'nothing', 1]);
    assert.equal((await (await ledger.post('17/audit', ['0 9007199254740991 9'])).text()).trim().split('\n').length, 1);
    // Who appends is told, who may not have known; of what was never lifted he is told nothing.
    const told = await ledger.post('17/append', [KV, line(), line({ id, cutoff: '5000' })]);
    assert.equal(await told.text(), await found(17, id));
    assert.match(await found(17, id), /^r1\/\w+ 2 1 5000 - /);
    assert.match(await lift(17, seen), /^r1\/\w+ 2 1 5000 - /);
  });

  test('nothing is lifted where there is more than was seen', async () => {
    const id = newId();
    await append(18, { id, cutoff: '5000' }, { id, cutoff: '6000' });
    assert.match(await lift(18, line({ id, cutoff: '5000' })), /^r1\/\w+ 1 6000 - /);
    for (const wrong of ['', 'r1/x', `${line()}\n${line()}`]) assert.equal((await ledger.post('18/lift', ['365', wrong])).status, 400);
    assert.equal((await ledger.post('18/lift', [line({ id })])).status, 400);
  });

  test('where there was no row, there is one then', async () => {
    const id = newId();
    assert.match(await lift(19, line({ id })), /^r1\/\w+ 2 1 nothing - /);
    await append(19, { id });
    assert.match(await found(19, id), /^r1\/\w+ 2 1 always - /);
  });

  test('who looks for what he is to lift keeps out whoever has not heard of as many shards', async () => {
    const [id, other] = [newId(), newId()];
    await append(9, { id });
    assert.match(await (await ledger.post('9/seal', [`r1/${id}`], 3)).text(), /^r1\/\w+ 1 always/);
    ledger = await ledger.restart();
    const late = await ledger.post('9/append', [KV, line({ id: other })], 2);
    assert.deepEqual([late.status, await late.text(), await found(9, other)], [409, 'moved', '']);
    assert.equal((await ledger.post('9/append', [KV, line({ id: other })], 3)).status, 200);
    assert.match(await found(9, other), /^r1\//);
  });

  test('a row that was lifted stays for longer than it says, and says nothing then', async () => {
    const id = newId();
    const expired = { id, expiresAt: now() - 5, revokedAt: now() - 60 };
    assert.match(await lift(8, line(expired)), /^r1\/\w+ 2 1 nothing - /);
    await ledger.ring(8);
    assert.deepEqual([(await ledger.part('8/head')).rows.map((row) => row.id), await found(8, id)], [[id], '']);
  });
});

describe('the root', () => {
  test('tells how many shards there are and were; no other does', async () => {
    const counts = async (path: string, count: number) => (await ledger.part(path, count)).counts;
    // Whoever only asks changes nothing.
    assert.deepEqual(await counts('0/head', 9), [9]);
    const raise = async (count: number) => assert.equal((await ledger.post('0/append', [KV], count)).status, 200);
    await raise(2);
    assert.deepEqual(await counts('0/head', 9), [2]);
    await raise(1);
    await raise(5);
    assert.deepEqual(await counts('0/head', 1), [2, 5]);
    assert.match((await ledger.post('0/look-up', [], 9)).headers.get('Quash-Shard-Counts')!, /^2,5 \d{13}$/);
    assert.deepEqual(await counts('1/head', 5), []);
    const { since } = await ledger.part('0/head');
    assert.ok(Math.abs(since! - now()) < 120, `${since}`);
    ledger = await ledger.restart();
    const again = await ledger.part('0/head');
    assert.deepEqual([again.counts, again.since, again.isPinned], [[2, 5], since, false]);
    // There are no more from now on.
    const pinned = await ledger.post('0/pin', [], 5);
    assert.match(pinned.headers.get('Quash-Shard-Counts')!, /^2,5 \d{13} pinned$/);
    await raise(9);
    ledger = await ledger.restart();
    const last = await ledger.part('0/head');
    assert.deepEqual([last.counts, last.since, last.isPinned], [[2, 5], since, true]);
  });
});

describe('Workers KV', () => {
  const copy = async (id: string) => (await ledger.copies())[`r1/${id}`];

  test('is given everything but what it cannot take', async () => {
    const [id, others] = [newId(), [newId(), newId(), newId(), newId()]];
    await appendFor('NO_BINDING', 31, ...others.map((id) => ({ id })));
    await ledger.ring(31);
    await append(31, { id });
    await ledger.ring(31);
    assert.match((await copy(id))!, /^1 always - /);
    // Of a namespace that is new to it, the ledger does not know what it has.
    for (const other of others) assert.match((await copy(other))!, /^1 always - /);
  });

  test('is not asked for what somebody is just writing to it', async () => {
    const [before, id, later] = [newId(), newId(), newId()];
    await append(33, { id: before }, { id, revokedAt: now() }, { id: later });
    await ledger.ring(33);
    assert.match((await copy(before))!, /^1 always - /);
    // By its own clock: one that is far ahead is none to go by.
    assert.deepEqual([await copy(id), await copy(later)], [undefined, undefined]);
    await append(34, { id: later, revokedAt: now() + 300 });
    await ledger.ring(34);
    assert.match((await copy(later))!, /^1 always - /);
  });

  test('is given by the alarm what it has not taken, as soon as it takes it', async () => {
    const id = newId();
    await ledger.fault(true);
    await append(30, { id });
    await ledger.ring(30);
    assert.equal(await copy(id), undefined);
    ledger = await ledger.restart();
    await ledger.fault(false);
    await ledger.ring(30);
    assert.match((await copy(id))!, /^1 always - /);
  });

  test('is given anew what somebody may have written over', async () => {
    const [id, same] = [newId(), newId()];
    const entry = { cutoff: String(now() * 1000), expiresAt: now() + 900 };
    await append(35, { id, ...entry }, { id: same, ...entry });
    await ledger.ring(35);
    await Promise.all([id, same].map((id) => ledger.forget(`r1/${id}`)));
    // Whoever ends less of it writes that to Workers KV, which does not show him yet what is there. Who does the same again changes nothing.
    await append(35, { id, cutoff: String((now() - 100) * 1000), expiresAt: now() + 800 }, { id: same, ...entry });
    await ledger.ring(35);
    assert.deepEqual([(await copy(id))?.slice(0, 15), await copy(same)], [`1 ${entry.cutoff}`, undefined]);
  });

  test('is given each once, however many there are', async () => {
    const ids = Array.from({ length: 250 }, newId);
    await append(32, ...ids.map((id) => ({ id })));
    await ledger.ring(32);
    const copies = await ledger.copies();
    assert.deepEqual(ids.filter((id) => !copies[`r1/${id}`]), []);
    // What was seen there is looked for no more; a row that changes is another one.
    await Promise.all(ids.slice(0, 2).map((id) => ledger.forget(`r1/${id}`)));
    await append(32, { id: ids[1]!, expiresAt: now() + 5000 });
    await ledger.ring(32);
    assert.deepEqual([await copy(ids[0]!), (await copy(ids[1]!))?.slice(0, 9)], [undefined, '1 always ']);
  });
});
