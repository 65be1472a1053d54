/** Reads what the ledger answers with, by the definition of its form in docs/ledger.md and by nothing of ours. */

export interface Delta {
  readonly shard: number;
  readonly epoch: string;
  readonly from: number;
  readonly to: number;
  readonly head: number;
  /** The number of the segments that were published last, or 0; and which of them there are. */
  readonly edition: number;
  readonly slices: readonly number[];
  /** How many shards there are and were: the root's only. */
  readonly counts: readonly number[];
  /** When the ledger began, in seconds since the epoch: the root's only. */
  readonly since: number | undefined;
  /** Whether there will be no more shards: the root's only. */
  readonly isPinned: boolean | undefined;
  readonly rows: readonly Row[];
}

export interface Row {
  readonly id: string;
  readonly reason: number;
  readonly expiresAt: number;
  readonly revokedAt: number;
  readonly everyone: 'nothing' | 'always' | number;
  /** How often it has been lifted, if it has. */
  readonly lifts?: number;
}

export function readDelta(bytes: Buffer): Delta {
  let at = 0;
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new Error('cut short');
    return bytes.subarray(at, (at += length));
  };
  const number = (length: number): number => take(length).reduce((number, byte) => number * 256 + byte, 0);
  if (take(4).toString('latin1') !== 'QLD\x01') throw new Error('no delta');
  const [shard, epoch, from, to, head] = [number(1), take(8).toString('hex'), number(8), number(8), number(8)];
  const edition = number(8);
  const slices = [...take(8)].reverse().flatMap((byte, at) => [...Array(8).keys()].filter((bit) => byte & (1 << bit)).map((bit) => 8 * at + bit));
  const counts = [...take(number(1))];
  const dated = counts.length > 0 ? number(5) : undefined;
  const isPinned = dated === undefined ? undefined : dated >= 2 ** 39;
  const since = dated === undefined ? undefined : dated % 2 ** 39;
  const rows = Array.from({ length: number(4) }, (): Row => {
    const id = take(16).toString('hex');
    let [kind, lifts] = [number(1), 0];
    if (kind === 0xf3) [lifts, kind] = [number(1), number(1)];
    const expiresAt = number(5);
    let [lifetime, unit, byte] = [0, 1, 0];
    do {
      byte = number(1);
      lifetime += (byte & 0x7f) * unit;
      unit *= 128;
    } while (byte & 0x80);
    const cutoff = (kind: number) => (kind === 1 ? number(6) : kind === 2 ? ('always' as const) : ('nothing' as const));
    const everyone = cutoff((kind >> 4) & 3);
    if (cutoff(kind >> 6) !== 'nothing') take(16);
    return { id, reason: kind & 15, expiresAt, revokedAt: expiresAt - lifetime, everyone, ...(lifts > 0 && { lifts }) };
  });
  if (at !== bytes.length) throw new Error('something follows');
  return { shard, epoch, from, to, head, edition, slices, counts, since, isPinned, rows };
}
