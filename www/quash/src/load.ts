import type { Full } from './full.js';

/** Longer than this for 8 KB, twice if WebAssembly hangs, and the user is better served by what is here already. */
const TIMEOUT_MS = 3000;

/** What a logout needs beyond the obvious, once it has been fetched. */
export let full: Full | undefined;
let loading: Promise<Full | undefined> | undefined;

/**
 * Fetches it, once. Resolves with nothing where it cannot be had; the next call tries again. (In vain in Firefox, which remembers
 * for a page what it could not import. Hence early: `prepareLogout`.)
 */
export function load(): Promise<Full | undefined> {
  return (loading ??= new Promise<Full>((resolve, reject) => {
    setTimeout(reject, TIMEOUT_MS);
    import('./full.js').then((module) => resolve(module.start()), reject);
  }).then(
    (started) => (full = started),
    () => (loading = undefined),
  ));
}
