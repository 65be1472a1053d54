/** Follows a log as `Follower` and `Position` in crates/core/src/follower do, with nothing of what makes them quick. */
import type { Log, LogPart, Row } from 'quash/redis';

const PAGE = 1024;

export class Follower {
  /** What was read last of each key. */
  readonly rows = new Map<string, Row>();
  epoch = '';
  /** How often the log turned out to be another one, or to have gone back. */
  resets = 0;
  /** How many pages were read. */
  pages = 0;
  readonly #log: Log;
  /** Everything up to this number has been read. */
  #reached = 0;
  /** The highest head that was told. */
  #head = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Reads until nothing is missing up to the highest head that was told. */
  async sync(): Promise<void> {
    do {
      const head = await this.#log.read('head');
      this.#take(head);
      while (this.#reached < head.from) {
        const page = await this.#log.read(Math.floor(this.#reached / PAGE));
        if (page.to <= this.#reached) throw new Error(`nothing follows ${this.#reached}: ${page.from} to ${page.to}`);
        this.#take(page);
        this.pages++;
      }
      if (head.epoch === this.epoch) this.#reached = Math.max(this.#reached, head.to);
    } while (this.#reached < this.#head);
  }

  #take(part: LogPart): void {
    if (part.epoch !== this.epoch || part.head < this.#head) {
      [this.epoch, this.#reached, this.#head] = [part.epoch, 0, 0];
      this.resets++;
    }
    this.#head = Math.max(this.#head, part.head);
    for (const row of part.rows) this.rows.set(row.key, row);
    if (part.from <= this.#reached) this.#reached = Math.max(this.#reached, part.to);
  }
}
