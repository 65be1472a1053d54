/** Sets of revocations in the module of the bench, each in an instance of its own: a memory of WebAssembly never shrinks. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

/** What `src/set_exports.rs` exports. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  input(length: number): number;
  output(): number;
  open_ledger(isMixed: boolean, rows: number): void;
  append(rows: number): void;
  publish(): void;
  make_answer(part: number): number;
  make_fuse(count: number): number;
  begin_sync(): number;
  begin_refresh(seconds: number): number;
  next_part(): number;
  answered(): number;
  finish_sync(): number;
  finish_fuse(): number;
  members(isMixed: boolean, first: number, count: number): number;
  strangers(first: number, count: number): number;
  confirming_reads(tokens: number): number;
}

/** How many ids there are, and of what: of sessions, or of a mix. */
export interface Ids {
  readonly count: number;
  readonly isMixed: boolean;
}

/** What a ledger answers, by the part that is asked for. */
export type Answers = ReadonlyMap<number, Uint8Array>;

/** A set that has been loaded. */
export interface Loaded {
  /** What its instance takes above one that has loaded nothing. */
  readonly memory: number;
  /** Tells how many of its members it knows. */
  members(): number;
  /** Makes as many ids for the next time, where that would take longer than to look them up. */
  prepare?(count: number): void;
  /** Tells how many of so many ids are taken for members: there are none, and they have never been asked before. */
  strangers(count: number): number;
}

/** A follower that has been loaded. */
export interface Following extends Loaded {
  /** Tells about how many of so many tokens the ledger is asked, though none of them is revoked. */
  confirmingReads(tokens: number): number;
}

/** Of `next_part`. */
const NOTHING = -2;
const SEGMENTS = 1 << 30;

/** Of `Slice`, `PAGE` and `TAKEN_OVER_WITHIN` in the core, the last in seconds. */
const SLICES = 64;
const PAGE = 1024;
const TAKEN_OVER_WITHIN = 120;

/** How many seconds pass between two syncs: it is time for another, and what is known is fresh. */
const REFRESHED_AFTER = 4;

const FILE = resolve(import.meta.dirname, 'build/quash_bench.wasm');

export class Sets {
  readonly #module: WebAssembly.Module;

  private constructor(module: WebAssembly.Module) {
    this.#module = module;
  }

  static async read(): Promise<Sets> {
    return new Sets(await WebAssembly.compile(await readFile(FILE)));
  }

  /** One that has published an edition, or that never will. */
  openLedger(ids: Ids, hasEdition: boolean): Ledger {
    const ledger = new Ledger(this.#instance(), ids);
    if (hasEdition) ledger.publish();
    return ledger;
  }

  /** All that a first sync reads. */
  makeAnswers(ledger: Ledger): Answers {
    const answers = new Map<number, Uint8Array>();
    firstSync(this.#instance(), (part) => {
      const answer = ledger.answer(part);
      answers.set(part, answer);
      return answer;
    });
    return answers;
  }

  makeFuse(count: number): Uint8Array {
    const source = this.#instance();
    return output(source, source.make_fuse(count));
  }

  /** By the first sync of a cold isolate. */
  loadFollower(ids: Ids, answers: Answers): Following {
    return this.#load(ids, (instance) => firstSync(instance, from(answers)));
  }

  /**
   * What the instance takes of one that lives on. After its first sync a hundredth of all rows are replaced, of which it reads a page at a
   * time; then another edition is published, and it takes that over.
   */
  replaceEdition(ids: Ids, answers: Answers, ledger: Ledger): number {
    const { memory, members } = this.#load(ids, (instance) => {
      firstSync(instance, from(answers));
      let seconds = 0;
      const refresh = (): number => {
        seconds += REFRESHED_AFTER;
        succeeded(instance.begin_refresh(seconds), 'refresh');
        return follow(instance, (part) => ledger.answer(part));
      };
      while (ledger.gone < ids.count / 100) {
        ledger.append(PAGE);
        if (refresh() > 0) throw new Error('it reads segments where it is in step');
      }
      ledger.publish();
      let segments = 0;
      for (const end = seconds + TAKEN_OVER_WITHIN + REFRESHED_AFTER; seconds < end && segments === 0;) segments = refresh();
      if (segments !== SLICES) throw new Error(`it has taken ${segments} segments over`);
    }, ledger);
    if (members() !== ids.count) throw new Error('it has lost some when it took an edition over');
    return memory;
  }

  loadFuse(ids: Ids, bytes: Uint8Array): Loaded {
    return this.#load(ids, (instance) => {
      write(instance, instance.input(bytes.length), bytes);
      succeeded(instance.finish_fuse(), 'binary fuse filter');
    });
  }

  /** @param ledger Tells how many of the ids are gone, where others have come. */
  #load({ count, isMixed }: Ids, load: (instance: Exports) => void, ledger?: Ledger): Following {
    const instance = this.#instance();
    const empty = instance.memory.buffer.byteLength;
    load(instance);
    const memory = instance.memory.buffer.byteLength - empty;
    let asked = 0;
    return {
      memory,
      members: () => instance.members(isMixed, ledger?.gone ?? 0, count),
      strangers: (count) => {
        asked += count;
        return instance.strangers(asked - count, count);
      },
      confirmingReads: (tokens) => instance.confirming_reads(tokens),
    };
  }

  #instance(): Exports {
    return new WebAssembly.Instance(this.#module).exports as unknown as Exports;
  }
}

/** A ledger in an instance of its own. */
export class Ledger {
  readonly #instance: Exports;
  #gone = 0;

  constructor(instance: Exports, { count, isMixed }: Ids) {
    this.#instance = instance;
    instance.open_ledger(isMixed, count);
  }

  /** How many rows came, and so how many of the first ones went. */
  get gone(): number {
    return this.#gone;
  }

  append(rows: number): void {
    this.#instance.append(rows);
    this.#gone += rows;
  }

  publish(): void {
    this.#instance.publish();
  }

  answer(part: number): Uint8Array {
    return output(this.#instance, this.#instance.make_answer(part));
  }
}

/** How long the segments among these answers are together. */
export function segmentBytes(answers: Answers): number {
  return [...answers].reduce((sum, [part, { length }]) => (part < SEGMENTS ? sum : sum + length), 0);
}

function from(answers: Answers): (part: number) => Uint8Array {
  return (part) => {
    const answer = answers.get(part);
    if (!answer) throw new Error(`nobody has made part ${part}`);
    return answer;
  };
}

function firstSync(instance: Exports, read: (part: number) => Uint8Array): void {
  succeeded(instance.begin_sync(), 'sync');
  follow(instance, read);
}

/** Makes the reads of a sync that has been begun, and tells of how many segments they were. */
function follow(instance: Exports, read: (part: number) => Uint8Array): number {
  let segments = 0;
  for (let part = instance.next_part(); part !== NOTHING; part = instance.next_part()) {
    const answer = read(part);
    write(instance, instance.input(answer.length), answer);
    succeeded(instance.answered(), `answer for part ${part}`);
    if (part >= SEGMENTS) segments += 1;
  }
  succeeded(instance.finish_sync(), 'end of the sync');
  return segments;
}

function write({ memory }: Exports, at: number, bytes: Uint8Array): void {
  new Uint8Array(memory.buffer, at, bytes.length).set(bytes);
}

function output(instance: Exports, length: number): Uint8Array {
  succeeded(length, 'output');
  return new Uint8Array(instance.memory.buffer, instance.output(), length).slice();
}

function succeeded(result: number, what: string): void {
  if (!result) throw new Error(`the module has no ${what}`);
}
