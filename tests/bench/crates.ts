/** How much of a WebAssembly module's code each crate has. */
import { crateOf } from './symbols.ts';

/** In bytes. They add up to the module without its names. */
export interface Parts {
  /** The code of the functions that a crate has, and of what was inlined into them. */
  readonly crates: ReadonlyMap<string, number>;
  /** The code of the functions whose names tell of no crate: exports, and what wasm-bindgen made. */
  readonly unnamed: number;
  readonly data: number;
  /** Types, imports, exports, tables. */
  readonly other: number;
}

const CUSTOM = 0;
const IMPORT = 2;
const CODE = 10;
const DATA = 11;

/** Of the name section: https://webassembly.github.io/spec/core/appendix/custom.html#name-section. */
const FUNCTION_NAMES = 1;

/**
 * @throws Error when the module has no names: they would all be unnamed.
 */
export function partsOf(module: Uint8Array): Parts {
  const whole = new Reader(module);
  if (whole.uint32() !== 0x6d73_6100 || whole.uint32() !== 1) throw new Error('this is no WebAssembly module');
  let imported = 0;
  let bodies: number[] = [];
  let names: Map<number, string> | undefined;
  let code = 0;
  let data = 0;
  let nameSection = 0;
  while (!whole.isAtEnd) {
    const start = whole.at;
    const id = whole.byte();
    const section = whole.part(whole.leb());
    const size = whole.at - start;
    if (id === IMPORT) imported = importedFunctions(section);
    if (id === DATA) data = size;
    if (id === CODE) {
      code = size;
      bodies = bodySizes(section);
    }
    if (id === CUSTOM && section.text() === 'name') {
      nameSection = size;
      names = functionNames(section);
    }
  }
  if (!names) throw new Error('the module has no names');

  const crates = new Map<string, number>();
  let named = 0;
  for (const [index, size] of bodies.entries()) {
    const crate = crateOf(names.get(imported + index) ?? '');
    if (crate === undefined) continue;
    crates.set(crate, (crates.get(crate) ?? 0) + size);
    named += size;
  }
  // The section's own header counts as unnamed: a few bytes.
  return { crates, unnamed: code - named, data, other: module.length - code - data - nameSection };
}

/** With the number that tells its length, each. */
function bodySizes(section: Reader): number[] {
  return section.list(() => {
    const start = section.at;
    section.part(section.leb());
    return section.at - start;
  });
}

function functionNames(section: Reader): Map<number, string> {
  while (!section.isAtEnd) {
    const id = section.byte();
    const part = section.part(section.leb());
    if (id === FUNCTION_NAMES) return new Map(part.list(() => [part.leb(), part.text()]));
  }
  return new Map();
}

/** They are numbered before the module's own. */
function importedFunctions(section: Reader): number {
  const limits = () => {
    const hasMaximum = section.byte() & 1;
    section.leb();
    if (hasMaximum) section.leb();
  };
  const read: Record<number, () => void> = {
    0: () => section.leb(),
    1: () => (section.byte(), limits()),
    2: limits,
    3: () => (section.byte(), section.byte()),
    4: () => (section.byte(), section.leb()),
  };
  const kinds = section.list(() => {
    section.text();
    section.text();
    const kind = section.byte();
    if (!read[kind]) throw new Error(`an import of the unknown kind ${kind}`);
    read[kind]();
    return kind;
  });
  return kinds.filter((kind) => kind === 0).length;
}

/** A cursor in the binary format. */
class Reader {
  at = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.at === this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw new Error('the module ends too early');
    return byte;
  }

  uint32(): number {
    return this.byte() + this.byte() * 2 ** 8 + this.byte() * 2 ** 16 + this.byte() * 2 ** 24;
  }

  /** An unsigned LEB128. */
  leb(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte % 128) * scale;
      if (byte < 128) return value;
    }
  }

  list<T>(item: () => T): T[] {
    return Array.from({ length: this.leb() }, item);
  }

  text(): string {
    return new TextDecoder().decode(this.#take(this.leb()));
  }

  part(length: number): Reader {
    return new Reader(this.#take(length));
  }

  #take(length: number): Uint8Array {
    const end = this.at + length;
    if (end > this.#bytes.length) throw new Error('the module ends too early');
    const taken = this.#bytes.subarray(this.at, end);
    this.at = end;
    return taken;
  }
}
