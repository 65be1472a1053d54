/** Reads segments by the definition of their form in docs/ledger.md and by nothing of ours. */
import { createHash } from 'node:crypto';

export interface Segment {
  readonly shard: number;
  readonly slice: number;
  readonly epoch: string;
  readonly seq: number;
  readonly oneIn: number;
  /** How many ids of each kind there are. */
  readonly counts: ReadonlyMap<number, number>;
  contains(id: string): boolean;
}

/** Quotients of a bucket. */
const BUCKET = 256;

export function readSegment(bytes: Buffer): Segment {
  let at = 0;
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new Error('cut short');
    return bytes.subarray(at, (at += length));
  };
  const number = (length: number): number => take(length).reduce((number, byte) => number * 256 + byte, 0);
  if (take(4).toString('latin1') !== 'QSG\x01') throw new Error('no segment');
  const identity = take(16);
  if (!createHash('sha256').update(bytes.subarray(at)).digest().subarray(0, 16).equals(identity)) throw new Error('not what was built');
  const [shard, slice, epoch, seq, oneIn] = [number(1), number(1), take(8).toString('hex'), number(8), number(4)];
  const counts = new Map(Array.from({ length: number(1) }, () => [number(1), number(4)] as const));
  const range = oneIn * [...counts.values()].reduce((sum, count) => sum + count, 0);
  const tables = new Map([...counts].map(([kind, count]) => {
    const low = Math.floor(Math.log2(Math.floor(range / count)));
    const quotients = Math.floor((range - 1) / 2 ** low) + 1;
    const buckets = Math.ceil(quotients / BUCKET);
    const index = Array.from({ length: buckets + 1 }, () => take(4).readUInt32LE());
    if (index[0] !== 0 || index[buckets] !== count) throw new Error('an index of another table');
    const bits = take(Math.ceil((count * (low + 1) + quotients) / 8));
    return [kind, new Set(numbersOf(bits, { index, low, quotients }))] as const;
  }));
  if (!take(7).equals(Buffer.alloc(7)) || at !== bytes.length) throw new Error('something else follows');
  return { shard, slice, epoch, seq, oneIn, counts, contains: (id) => isIn(tables.get(Number(`0x${id.at(-1)}`)), id, slice, range) };
}

function* numbersOf(bits: Buffer, { index, low, quotients }: { index: readonly number[]; low: number; quotients: number }): Generator<number> {
  let at = 0;
  const next = (): number => (bits[at >> 3]! >> (at++ & 7)) & 1;
  for (let bucket = 0; bucket < index.length - 1; bucket += 1) {
    const found: number[] = [];
    let [quotient, end] = [bucket * BUCKET, Math.min((bucket + 1) * BUCKET, quotients)];
    while (quotient < end) {
      if (next() === 1) found.push(quotient);
      else quotient += 1;
    }
    if (found.length !== index[bucket + 1]! - index[bucket]!) throw new Error('a bucket of another index');
    for (const quotient of found) {
      let number = quotient * 2 ** low;
      for (let bit = 0; bit < low; bit += 1) number += next() * 2 ** bit;
      yield number;
    }
  }
}

function isIn(table: ReadonlySet<number> | undefined, id: string, slice: number, range: number): boolean {
  const first = BigInt(`0x${id.slice(0, 16)}`);
  if (Number(first >> 58n) !== slice) throw new Error('an id of another slice');
  const number = (BigInt.asUintN(64, first << 6n) * BigInt(range)) >> 64n;
  return table?.has(Number(number)) ?? false;
}
