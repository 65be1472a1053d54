/** A map that forgets what was put in first when there would be more than `limit` entries. */
export class BoundedMap<V> {
  readonly #entries = new Map<string, V>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  set(key: string, value: V): void {
    const [oldest] = this.#entries.size < this.#limit || this.#entries.has(key) ? [] : this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
    // A string that was cut out of another keeps that one in memory, a whole token; a copy does not.
    this.#entries.set(Buffer.from(key).toString(), value);
  }
}
