/** Choices that are the same in each run with the same seed. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** From 0 to 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** From 0 to less than `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  /** Each of the members with that probability, in an order of its own, with one of its values. */
  some(probability: number, members: Record<string, readonly unknown[]>): Record<string, unknown> {
    const names = Object.keys(members).filter(() => this.chance(probability));
    names.sort(() => this.next() - 0.5);
    return Object.fromEntries(names.map((name) => [name, this.pick(members[name]!)]));
  }
}
