/** Editions of segments on a real workerd: when the ledger publishes them, what they hold, and that none is lost with the process. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import type { Delta } from './ledger/delta.ts';
import { type Segment, readSegment } from './ledger/segment.ts';
import { EXACT, type Ledger, startLedger } from './ledger/server.ts';

let ledger: Ledger;
before(async () => {
  ledger = await startLedger();
});
after(() => ledger.stop());

/** More than one step of a building takes in. */
const STEP = 100_000;
const KINDS = 8;
const now = () => Math.floor(Date.now() / 1000);
/** Of any kind. */
const newId = (_: unknown, at: number) => randomBytes(16).toString('hex').slice(0, 31) + ((at % KINDS) + 1);
const newIds = (count: number) => Array.from({ length: count }, newId);
/** What is revoked: a whole id, what was issued before, or all of somebody's but a session. */
const COVERS = ['always -', `${now()}000 -`, `nothing always:${'ab'.repeat(16)}`];

/** In one request: the alarm rings half a second after the first that makes a building due. Workers KV is to have none of it. */
async function append(shard: number, ids: readonly string[], lifetime = 3600, count = 1): Promise<void> {
  const times = `${(now() + lifetime) * 1000} ${now() * 1000}`;
  const lines = ids.map((id, at) => `r1/${id} 1 ${COVERS[at % COVERS.length]} ${times} logout`);
  const answer = await ledger.post(`${shard}/append`, ['NO_BINDING', ...lines], count);
  assert.equal(answer.status, 200, await answer.text());
}

const head = (shard: number): Promise<Delta> => ledger.part(`${shard}/head`);
const segment = (shard: number, seq: number, slice: number) => ledger.get(`${shard}/segments/${seq}/${slice}`);

/** All of an edition, by slices. */
async function edition(shard: number, { epoch, edition: seq, slices }: Delta): Promise<ReadonlyMap<number, Segment>> {
  const segments = await Promise.all(slices.map(async (slice) => {
    const answer = await segment(shard, seq, slice);
    assert.equal(answer.status, 200, `${seq}/${slice}`);
    const read = readSegment(Buffer.from(await answer.arrayBuffer()));
    assert.deepEqual([read.shard, read.slice, read.epoch, read.seq, read.oneIn], [shard, slice, epoch, seq, 4096]);
    return [slice, read] as const;
  }));
  return new Map(segments);
}

const isIn = (segments: ReadonlyMap<number, Segment>, id: string) => segments.get(parseInt(id.slice(0, 2), 16) >> 2)?.contains(id) ?? false;
const missing = (segments: ReadonlyMap<number, Segment>, ids: readonly string[]) => ids.filter((id) => !isIn(segments, id)).length;

/** The head, once there is another edition than this one. */
async function next(shard: number, seq = 0): Promise<Delta> {
  for (let tries = 0; tries < 300; tries += 1) {
    const delta = await head(shard);
    if (delta.edition !== seq) return delta;
    await delay(100);
  }
  throw new Error(`no other edition than ${seq}`);
}

describe('an edition', () => {
  const SHARD = 40;
  const ids = newIds(EXACT + 300);
  let first: Delta;

  test('is none while all rows may be known exactly', async () => {
    await append(SHARD, ids.slice(0, EXACT));
    await ledger.ring(SHARD);
    const { edition, slices } = await head(SHARD);
    assert.deepEqual([edition, slices], [0, []]);
    assert.equal((await segment(SHARD, EXACT, 0)).status, 404);
  });

  test('has every id that was appended, whatever it covers, and few others', async () => {
    await append(SHARD, ids.slice(EXACT));
    await ledger.ring(SHARD);
    first = await head(SHARD);
    assert.deepEqual([first.edition, first.head], [ids.length, ids.length]);
    assert.deepEqual(first.slices, [...Array(64).keys()]);
    const segments = await edition(SHARD, first);
    assert.equal(missing(segments, ids), 0);
    const counts = [...segments.values()].map(({ counts }) => [...counts.values()].reduce((sum, count) => sum + count));
    assert.equal(counts.reduce((sum, count) => sum + count), ids.length);
    // One in 4096 for a token, which has an id of each kind: 8 tokens in 32 768.
    const others = newIds(KINDS * 32_768);
    const taken = others.length - missing(segments, others);
    assert.ok(taken < 40, `${taken}`);
  });

  test('is told by pages as well', async () => {
    const { edition, slices } = await ledger.part(`${SHARD}/pages/0`);
    assert.deepEqual([edition, slices], [first.edition, first.slices]);
  });

  test('is the same after a restart', async () => {
    ledger = await ledger.restart();
    assert.deepEqual(await head(SHARD), first);
    assert.equal(missing(await edition(SHARD, first), ids), 0);
  });

  test('is followed by another one when a sixteenth has changed, and stays until that is', async () => {
    const editions = [first.edition];
    for (const more of [newIds(200), newIds(200), newIds(400)]) {
      await append(SHARD, more);
      ids.push(...more);
      await ledger.ring(SHARD);
      editions.push((await head(SHARD)).edition);
      if (editions.length === 3) assert.equal(missing(await edition(SHARD, first), ids.slice(0, first.edition)), 0);
    }
    assert.deepEqual(editions, [EXACT + 300, EXACT + 300, EXACT + 700, EXACT + 1100]);
    assert.equal(missing(await edition(SHARD, await head(SHARD)), ids), 0);
    const status = editions.slice(1).map(async (seq) => (await segment(SHARD, seq, 63)).status);
    assert.deepEqual(await Promise.all(status), [404, 200, 200]);
  });

  test('is none that nobody has published', async () => {
    const { edition: seq } = await head(SHARD);
    for (const [number, slice] of [[seq + 1, 0], [seq - 1, 0], [0, 0], [seq, 64], [seq, 255], [2 ** 60, 0]] as const) {
      assert.equal((await segment(SHARD, number, slice)).status, 404, `${number}/${slice}`);
    }
    assert.equal((await segment(SHARD + 1, seq, 0)).status, 404);
  });

  /** Two shards with an edition of rows of which most, or some, live for so many seconds; none where that was too short for it. */
  async function brieflyPublished([most, some]: [number, number], brief: readonly string[], stay: readonly string[], lifetime: number) {
    const gone = delay((lifetime + 1) * 1000);
    const ofBrief = [append(most, brief, lifetime), append(some, brief, lifetime)];
    await Promise.all([...ofBrief, append(most, stay.slice(1)), append(some, stay)]);
    await Promise.all([ledger.ring(most), ledger.ring(some)]);
    const heads = await Promise.all([head(most), head(some)]);
    await gone;
    return heads.every(({ edition }) => edition > EXACT) ? heads : undefined;
  }

  test('is withdrawn when most rows have gone, and not when some have', async () => {
    const stay = newIds(EXACT / 2 + 1);
    const brief = newIds(EXACT);
    let [most, some] = [SHARD + 20, SHARD + 21];
    let heads;
    for (let lifetime = 5; lifetime < 200; lifetime *= 3) {
      heads = await brieflyPublished([most, some], brief, stay, lifetime);
      if (heads) break;
      [most, some] = [most + 2, some + 2];
    }
    assert.ok(heads);
    await Promise.all([ledger.ring(most), ledger.ring(some)]);
    assert.equal((await head(most)).edition, 0);
    // Whoever has begun to read it.
    assert.equal((await segment(most, heads[0]!.edition, 0)).status, 200);
    const segments = await edition(some, await head(some));
    assert.equal(missing(segments, stay), 0);
    assert.ok(missing(segments, brief) > EXACT * 0.99);
  });

  test('is made anew for another epoch', async () => {
    const { epoch, edition: seq } = await head(SHARD);
    await ledger.forgetEpoch(SHARD);
    ledger = await ledger.restart();
    const other = await head(SHARD);
    assert.notEqual(other.epoch, epoch);
    // None; or, where the alarm was due and has rung since, what is made anew already.
    assert.ok(other.edition === 0 || other.edition === seq, `${other.edition}`);
    await edition(SHARD, other);
    await ledger.ring(SHARD);
    const again = await head(SHARD);
    assert.deepEqual([again.edition, again.epoch], [seq, other.epoch]);
    assert.equal(missing(await edition(SHARD, again), ids), 0);
  });

  test('is of a shard’s part of all rows', async () => {
    const shard = SHARD + 4;
    await append(shard, newIds(EXACT / 4), 3600, 4);
    await ledger.ring(shard);
    assert.equal((await head(shard)).edition, 0);
    await append(shard, newIds(1), 3600, 4);
    await ledger.ring(shard);
    assert.equal((await head(shard)).edition, EXACT / 4 + 1);
  });
});

describe('a building', () => {
  const SHARD = 50;
  const ids = newIds(STEP + 20_000);

  before(async () => {
    for (let at = 0; at < ids.length; at += 10_000) await append(SHARD, ids.slice(at, at + 10_000));
    await ledger.ring(SHARD);
  });

  test('goes on after a restart, to what it began as', async () => {
    const later = newIds(50);
    let [earlier, seq] = [0, await settled()];
    do {
      earlier = seq;
      const more = newIds(10_000);
      await append(SHARD, more);
      seq = ids.push(...more);
      while ((await segment(SHARD, seq, 0)).status !== 200) await delay(20);
      // The second step comes a second after the first one, so on a slow machine it may be over.
    } while ((await head(SHARD)).edition === seq);
    await append(SHARD, later);
    ledger = await ledger.restart();
    const delta = await next(SHARD, earlier);
    assert.deepEqual([delta.edition, delta.head], [seq, seq + later.length]);
    const segments = await edition(SHARD, delta);
    assert.equal(missing(segments, ids), 0);
    // What came meanwhile has a higher number, wherever else it is.
    assert.deepEqual(delta.rows.slice(-later.length).map(({ id }) => id), later);
  });

  /** The edition after which no other comes. */
  async function settled(): Promise<number> {
    let { edition } = await next(SHARD);
    for (let same = 0; same < 3; same += 1) {
      await ledger.ring(SHARD);
      const { edition: latest } = await head(SHARD);
      if (latest !== edition) [edition, same] = [latest, 0];
    }
    return edition;
  }
});
