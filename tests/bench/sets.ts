/** Sets of revocations in the module of the bench, each in an instance of its own: a memory of WebAssembly never shrinks. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

/** What `src/set_exports.rs` exports. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  input(length: number): number;
  output(): number;
  make_delta(rows: number, part: number): number;
  make_segment(count: number, slice: number): number;
  make_fuse(count: number): number;
  begin_sync(): number;
  next_part(): number;
  answered(): number;
  finish_sync(): number;
  load_slice(): number;
  finish_fuse(): number;
  members(count: number): number;
  strangers(first: number, count: number): number;
}

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

/** Of `next_part`. */
const NOTHING = -2;

/** Of `Slice`. */
const SLICES = 64;

const FILE = resolve(import.meta.dirname, 'build/quash_bench.wasm');

export class Sets {
  readonly #module: WebAssembly.Module;

  private constructor(module: WebAssembly.Module) {
    this.#module = module;
  }

  static async read(): Promise<Sets> {
    return new Sets(await WebAssembly.compile(await readFile(FILE)));
  }

  /** The answers of a ledger with so many rows, by the part that is asked for: all of which a first sync reads. */
  makeAnswers(rows: number): Map<number, Uint8Array> {
    const [source, follower, answers] = [this.#instance(), this.#instance(), new Map<number, Uint8Array>()];
    follow(follower, (part) => {
      const answer = output(source, source.make_delta(rows, part));
      answers.set(part, answer);
      return answer;
    });
    return answers;
  }

  /** Those of all slices. */
  makeSegments(count: number): Uint8Array[] {
    return Array.from({ length: SLICES }, (_, slice) => {
      const source = this.#instance();
      return output(source, source.make_segment(count, slice));
    });
  }

  makeFuse(count: number): Uint8Array {
    const source = this.#instance();
    return output(source, source.make_fuse(count));
  }

  /** By the first sync of a cold isolate. */
  loadLive(count: number, answers: ReadonlyMap<number, Uint8Array>): Loaded {
    return this.#load(count, (instance) => follow(instance, (part) => {
      const answer = answers.get(part);
      if (!answer) throw new Error(`nobody has made part ${part}`);
      return answer;
    }));
  }

  /** One after another, and so as often as `times` says: each replaces the one of its slice. */
  loadSegments(count: number, segments: readonly Uint8Array[], times = 1): Loaded {
    return this.#load(count, (instance) => {
      for (let time = 0; time < times; time += 1) {
        for (const bytes of segments) {
          write(instance, instance.input(bytes.length), bytes);
          succeeded(instance.load_slice(), 'segment');
        }
      }
    });
  }

  loadFuse(count: number, bytes: Uint8Array): Loaded {
    return this.#load(count, (instance) => {
      write(instance, instance.input(bytes.length), bytes);
      succeeded(instance.finish_fuse(), 'binary fuse filter');
    });
  }

  #load(count: number, load: (instance: Exports) => void): Loaded {
    const instance = this.#instance();
    const empty = instance.memory.buffer.byteLength;
    load(instance);
    const memory = instance.memory.buffer.byteLength - empty;
    let asked = 0;
    return {
      memory,
      members: () => instance.members(count),
      strangers: (count) => {
        asked += count;
        return instance.strangers(asked - count, count);
      },
    };
  }

  #instance(): Exports {
    return new WebAssembly.Instance(this.#module).exports as unknown as Exports;
  }
}

function follow(instance: Exports, read: (part: number) => Uint8Array): void {
  succeeded(instance.begin_sync(), 'sync');
  for (let part = instance.next_part(); part !== NOTHING; part = instance.next_part()) {
    const answer = read(part);
    write(instance, instance.input(answer.length), answer);
    succeeded(instance.answered(), `answer for part ${part}`);
  }
  succeeded(instance.finish_sync(), 'end of the sync');
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
