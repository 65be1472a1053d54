/** What a logout decides: `crates/browser`, compiled twice. */
export interface Engine {
  readonly name: 'wasm' | 'wasm2js';

  /** Is an item of this name and value selected? See `selector.ts` for how a selection is written. */
  selects(selection: string, name: string, value: string): boolean;

  /** What to assign to `document.cookie`, a line each, likeliest first, until the cookie can no longer be read. */
  expiringWrites(name: string, host: string, path: string, secure: boolean): string;
}
