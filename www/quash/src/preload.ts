import { load } from './load.js';

/**
 * Fetches what {@link logout} needs, so that it need not wait. Call it when a logout is likely: on hover, on focus. Resolves when
 * all is there, or cannot be had; a logout that finds nothing loaded has its own way out.
 */
export async function preload(): Promise<void> {
  await load();
}
