/** Random numbers that come again: `SEED=123 node --test …` repeats a test that failed. */
export const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 32));

/** Gives numbers from 0 up to `below`, by mulberry32. */
export function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below | 0;
  };
}
