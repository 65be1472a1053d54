import type { Selection, WipeOptions } from './options.js';

/**
 * Selections as `quash_core::logout::Selection` reads them, one for each item of `selection`: `~` for what contains a token, `^`
 * before a prefix, `=` before a name; and after a NUL each, what is kept.
 */
export function selections(selection: Selection = [], { keep = [] }: WipeOptions): string[] {
  const items = selection === 'everything' ? ['^'] : selection === 'tokens' ? ['~'] : selection.map(selector);
  return items.map((item) => [item, ...keep.map(selector)].join('\0'));
}

function selector(name: string): string {
  return name.endsWith('*') ? '^' + name.slice(0, -1) : '=' + name;
}

/** What a selection is for, as the caller wrote it. */
export function label(selection: string): string {
  const [selector = ''] = selection.split('\0');
  if (selector === '~') return 'tokens';
  return selector.slice(1) + (selector[0] === '^' ? '*' : '');
}
