/**
 * `node --expose-gc tests/bench/follower.ts [--json]`: what it takes to know a million revocations, or ten, in memory.
 * `cargo xtask bench follower` builds the module and runs this.
 *
 * - `quash/1000000` is what a follower knows of a ledger that has published no segments: the exact set;
 * - `quash/10000000` is what it knows of one that has: 64 segments, whose "yes" the ledger has to confirm, and the head's rows;
 * - `quash-mixed/10000000` is that where 70 % are sessions, 25 % single tokens and 5 % subjects; elsewhere all are sessions. It shows that
 *   a mix costs bits and no reads;
 * - `binary-fuse/N` is the filter of the `xorf` crate with fingerprints of 16 bits, as it is loaded: to build one takes 35 bytes of
 *   memory for each id;
 * - `js-set/N` is a `Set` of ids in base64url, which at ten million no isolate could hold.
 *
 * All but the last are WebAssembly, built as the engine is, and run in Node.js.
 *
 * - `memory`: by how much an instance grows when it loads a set, or the heap for a `Set`, after garbage was collected;
 * - `memory_replaced`: the same of an isolate that lives on, when it has then read as many new rows as a hundredth of all, while the oldest
 *   went, and has taken another edition of segments over, each in the place of the one that it had. A memory of WebAssembly never
 *   shrinks, so this is the peak;
 * - `bits_per_entry`: of what is loaded, where that is what is kept; of the segments, where there are any; else of that memory;
 * - `confirming_reads_per_million`: about how many tokens the ledger is asked, though they are not revoked. Each is another one, with three
 *   ids that no other has: its own, its session's and its subject's. Those that many have, as its issuer's, are asked for once, and
 *   left out. The ids are the same in each run, and so is this;
 * - `lookup`: of ids that are in no set, as nearly all are, each of them asked for once. The module also makes them, in less than 10 ns; the
 *   strings are made before, and have been hashed by nobody, as those of a request;
 * - `load`: of Quash's, until a cold isolate knows it, without what the network takes: by a first sync of all rows, or of the head and
 *   the segments, one after another, with the check of their hashes.
 */
import { randomBytes } from 'node:crypto';

import { drive } from './drive.ts';
import type { Figure } from './print.ts';
import { type Case, measure } from './rounds.ts';
import { type Ids, type Loaded, segmentBytes, Sets } from './sets.ts';

const COUNTS = [1_000_000, 10_000_000] as const;
const ROUNDS = 100;
const BATCH_NS = 20e6;
/** Of a `Set`: as many strings have to be made before. */
const BATCH_STRINGS = 50_000;
const LOADS = 9;
/** At one in 4096 it is about a thousand of so many that are asked for. */
const TOKENS = 4_000_000;

interface Entry {
  readonly name: string;
  readonly count: number;
  readonly set: Loaded;
  /** Of what is loaded, where the set is that. */
  readonly bytes?: number;
  /** Of so many tokens. */
  readonly confirmingReads?: number;
  /** Of an isolate that lives on. */
  readonly replaced?: number;
  readonly load?: () => Loaded;
  readonly iterations?: number;
}

await drive(run, (name) => `js-set/${name.split('/').at(-1)}`);

async function run(): Promise<Figure[]> {
  const entries = await load();
  for (const { name, count, set } of entries) {
    if (set.members() !== count) throw new Error(`${name} does not know all of its members`);
  }
  const lookups = await measureLookups(entries);
  const loads = await measureLoads(entries);
  return entries.flatMap(({ name, count, set, bytes, confirmingReads, replaced }) => {
    const [lookup, load] = [lookups.get(name)!, loads.get(name)];
    const figure = (metric: string, value: number, unit: Figure['unit']): Figure => ({ case: name, metric, value, unit });
    return [
      figure('bits_per_entry', ((bytes ?? set.memory) * 8) / count, 'bit'),
      figure('memory', set.memory, 'B'),
      ...(replaced === undefined ? [] : [figure('memory_replaced', replaced, 'B')]),
      ...(confirmingReads === undefined ? [] : [figure('confirming_reads_per_million', (confirmingReads / TOKENS) * 1e6, '1')]),
      figure('lookup', lookup.median, 'ns'),
      figure('lookup_p99', lookup.p99, 'ns'),
      figure('false_positives_per_million', lookup.wrong * 1e6, '1'),
      ...(load === undefined ? [] : [figure('load', load / 1e6, 'ms')]),
    ];
  });
}

async function load(): Promise<Entry[]> {
  const sets = await Sets.read();
  const [million, tens] = COUNTS;
  const entries = [exact(sets, million), ...segments(sets, tens)];
  for (const count of COUNTS) {
    note(`making binary-fuse/${count}`);
    const bytes = sets.makeFuse(count);
    entries.push({ name: `binary-fuse/${count}`, count, set: sets.loadFuse({ count, isMixed: false }, bytes), bytes: bytes.length });
  }
  for (const count of COUNTS) {
    note(`making js-set/${count}`);
    entries.push({ name: `js-set/${count}`, count, set: jsSet(count), iterations: BATCH_STRINGS });
  }
  return entries;
}

function exact(sets: Sets, count: number): Entry {
  const name = `quash/${count}`;
  note(`making ${name}`);
  const ids: Ids = { count, isMixed: false };
  const answers = sets.makeAnswers(sets.openLedger(ids, false));
  const load = (): Loaded => sets.loadFollower(ids, answers);
  return { name, count, set: load(), load };
}

function segments(sets: Sets, count: number): Entry[] {
  return [false, true].map((isMixed) => {
    const name = `${isMixed ? 'quash-mixed' : 'quash'}/${count}`;
    note(`making ${name}`);
    const ids: Ids = { count, isMixed };
    const ledger = sets.openLedger(ids, true);
    const answers = sets.makeAnswers(ledger);
    const load = () => sets.loadFollower(ids, answers);
    const set = load();
    const entry = { name, count, set, bytes: segmentBytes(answers), confirmingReads: set.confirmingReads(TOKENS) };
    if (isMixed) return entry;
    note(`replacing the segments of ${name}`);
    return { ...entry, replaced: sets.replaceEdition(ids, answers, ledger), load };
  });
}

function jsSet(count: number): Loaded {
  const before = heap();
  const set = new Set<string>();
  for (const id of ids(count)) set.add(id);
  const memory = heap() - before;
  let strangers: string[] = [];
  return {
    memory,
    members: () => set.size,
    prepare: (count) => {
      strangers = [...ids(count)];
    },
    strangers: () => {
      let known = 0;
      for (const id of strangers) if (set.has(id)) known += 1;
      return known;
    },
  };
}

function* ids(count: number): Iterable<string> {
  const each = 16;
  for (let left = count; left > 0; left -= 4096) {
    const bytes = randomBytes(Math.min(left, 4096) * each);
    for (let at = 0; at < bytes.length; at += each) yield bytes.toString('base64url', at, at + each);
  }
}

function heap(): number {
  if (!globalThis.gc) throw new Error('this needs `node --expose-gc`');
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

async function measureLookups(entries: readonly Entry[]): Promise<Map<string, { median: number; p99: number; wrong: number }>> {
  const asked = new Map<string, { count: number; wrong: number }>();
  const cases = entries.map(({ name, set, iterations }): Case => {
    const sum = { count: 0, wrong: 0 };
    asked.set(name, sum);
    return {
      name,
      ...(iterations === undefined ? {} : { iterations }),
      run: async (count) => {
        set.prepare?.(count);
        return time(() => {
          sum.wrong += set.strangers(count);
          sum.count += count;
        });
      },
    };
  });
  const progress = (round: number): void => {
    if (round % 50 === 0) note(`${round} of ${ROUNDS} rounds`);
  };
  const timings = await measure(cases, { rounds: ROUNDS, batchNs: BATCH_NS, warmUps: 3, progress });
  return new Map(timings.map(({ name, median, p99 }) => {
    const { count, wrong } = asked.get(name)!;
    return [name, { median, p99, wrong: wrong / count }];
  }));
}

/** In nanoseconds. */
async function measureLoads(entries: readonly Entry[]): Promise<Map<string, number>> {
  const cases = entries.flatMap(({ name, load }): Case[] => {
    if (!load) return [];
    return [{ name, iterations: 1, run: async () => time(load) }];
  });
  const timings = await measure(cases, { rounds: LOADS, batchNs: 0, warmUps: 1 });
  return new Map(timings.map(({ name, median }) => [name, median]));
}

function time(what: () => void): number {
  const start = process.hrtime.bigint();
  what();
  return Number(process.hrtime.bigint() - start);
}

function note(what: string): void {
  console.error(`· bench follower … ${what}`);
}
