import { load } from './load.js';

/** Fetches what {@link logout} needs, so that it need not wait. Call it when a logout is likely: on hover, on focus. */
export function preload(): void {
  // Nobody waits for it: a logout that finds nothing loaded has its own way out.
  load().catch(() => {});
}
