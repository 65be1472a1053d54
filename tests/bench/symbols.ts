/** Whose function it is, by its mangled name: in both manglings of Rust, since the standard library comes compiled in one of them. */

/**
 * The crate that a symbol's function is written in: that of the `impl`, of the trait's default method, of the generic function, not
 * of what they are used for. `undefined` for what is not Rust's.
 *
 * The older mangling does not say where the `impl` of a trait is. Only the crates of the type and of the trait may have it; the
 * one that is not the standard library's is taken, and the type's if both are not.
 */
export function crateOf(symbol: string): string | undefined {
  if (symbol.startsWith('_R')) return new V0(symbol.slice(2)).crate();
  if (symbol.startsWith('_ZN')) return crateOfLegacy(symbol.slice(3));
  return undefined;
}

const STANDARD = new Set(['core', 'alloc', 'std']);

const ESCAPES: Record<string, string> = { LT: '<', GT: '>', RF: '&', BP: '*', LP: '(', RP: ')', C: ',' };

/** The first identifier holds a crate's name, or all of `<Type as Trait>`. */
function crateOfLegacy(mangled: string): string | undefined {
  const length = /^\d+/.exec(mangled)?.[0];
  if (!length) return undefined;
  const first = mangled
    .slice(length.length, length.length + Number(length))
    .replace(/^_(?=\$)/, '')
    .replace(/\$(\w+)\$/g, (_, name: string) => ESCAPES[name] ?? String.fromCodePoint(parseInt(name.slice(1), 16)))
    .replaceAll('..', '::');
  if (/^\w+$/.test(first)) return first;
  const candidates = typeAndTrait(first).flatMap((path) => /^\w+(?=::)/.exec(path)?.[0] ?? []);
  return candidates.find((name) => !STANDARD.has(name)) ?? candidates[0];
}

/** `<Type as Trait>` in two, `<Type>` as one. */
function typeAndTrait(text: string): string[] {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '<') depth++;
    if (text[at] === '>' && text[at - 1] !== '-') depth--;
    if (depth === 1 && text.startsWith(' as ', at)) return [bare(text.slice(1, at)), text.slice(at + 4)];
  }
  return [bare(text.slice(1))];
}

/** Without what says that it is a reference, a pointer, a slice, a tuple. */
function bare(type: string): string {
  return type.replace(/^(?:[&*([]|mut |const |dyn )+/, '');
}

/** Thrown for what is not read here. */
class Unknown extends Error {}

/** The newer mangling: https://doc.rust-lang.org/rustc/symbol-mangling/v0.html. The names of its productions are those of there. */
class V0 {
  readonly #text: string;
  #at = 0;
  #end: number;

  constructor(text: string) {
    this.#text = text;
    this.#end = text.length;
  }

  crate(): string | undefined {
    try {
      this.#digits();
      return this.#path() || undefined;
    } catch (error) {
      if (error instanceof Unknown) return undefined;
      throw error;
    }
  }

  /** Reads a path, and tells its crate. */
  #path(): string {
    switch (this.#next()) {
      case 'C':
        return this.#identifier();
      case 'M': {
        const crate = this.#implPath();
        this.#type();
        return crate;
      }
      case 'X': {
        const crate = this.#implPath();
        this.#type();
        this.#path();
        return crate;
      }
      case 'Y':
        this.#type();
        return this.#path();
      case 'N': {
        this.#next();
        const crate = this.#path();
        this.#identifier();
        return crate;
      }
      case 'I': {
        const crate = this.#path();
        this.#until('E', () => this.#genericArgument());
        return crate;
      }
      case 'B': {
        const here = this.#at - 1;
        return this.#earlier(this.#base62(), here, () => this.#path());
      }
      default:
        throw new Unknown();
    }
  }

  #implPath(): string {
    if (this.#has('s')) this.#base62();
    return this.#path();
  }

  #genericArgument(): void {
    if (this.#has('L')) this.#base62();
    else if (this.#has('K')) this.#const();
    else this.#type();
  }

  #type(): void {
    const tag = this.#next();
    if (/[a-z]/.test(tag)) return;
    switch (tag) {
      case 'A':
        this.#type();
        return this.#const();
      case 'S':
      case 'P':
      case 'O':
        return this.#type();
      case 'R':
      case 'Q':
        if (this.#has('L')) this.#base62();
        return this.#type();
      case 'T':
        return this.#until('E', () => this.#type());
      case 'F':
        return this.#function();
      case 'D':
        return this.#dyn();
      case 'B':
        this.#base62();
        return;
      default:
        this.#at--;
        this.#path();
    }
  }

  #function(): void {
    if (this.#has('G')) this.#base62();
    this.#has('U');
    if (this.#has('K') && !this.#has('C')) this.#undisambiguated();
    this.#until('E', () => this.#type());
    this.#type();
  }

  #dyn(): void {
    if (this.#has('G')) this.#base62();
    this.#until('E', () => {
      this.#path();
      while (this.#has('p')) {
        this.#undisambiguated();
        this.#type();
      }
    });
    if (!this.#has('L')) throw new Unknown();
    this.#base62();
  }

  /** Of the constants only numbers, characters and truth values, which are all that stable Rust has. */
  #const(): void {
    if (this.#has('p')) return;
    if (this.#has('B')) return void this.#base62();
    this.#type();
    this.#has('n');
    while (!this.#has('_')) this.#next();
  }

  #identifier(): string {
    if (this.#has('s')) this.#base62();
    return this.#undisambiguated();
  }

  #undisambiguated(): string {
    this.#has('u');
    const length = Number(this.#digits());
    this.#has('_');
    const end = this.#at + length;
    if (end > this.#end) throw new Unknown();
    const name = this.#text.slice(this.#at, end);
    this.#at = end;
    return name;
  }

  #base62(): number {
    const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
    if (this.#has('_')) return 0;
    let value = 0;
    while (!this.#has('_')) value = value * 62 + DIGITS.indexOf(this.#next());
    return value + 1;
  }

  #digits(): string {
    const digits = /^(?:0|[1-9]\d*)?/.exec(this.#text.slice(this.#at))![0];
    this.#at += digits.length;
    return digits;
  }

  #until(end: string, item: () => void): void {
    while (!this.#has(end)) item();
  }

  /** Runs `read` at an earlier place, and only as far as `end`, where it is referred to: it would not end otherwise. */
  #earlier<T>(place: number, end: number, read: () => T): T {
    const here = [this.#at, this.#end] as const;
    [this.#at, this.#end] = [place, end];
    const value = read();
    [this.#at, this.#end] = here;
    return value;
  }

  #has(tag: string): boolean {
    const has = this.#text[this.#at] === tag;
    if (has) this.#at++;
    return has;
  }

  #next(): string {
    if (this.#at >= this.#end) throw new Unknown();
    return this.#text[this.#at++]!;
  }
}
