/** What holds tokens in memory, and how each is told to forget. */
export const holders = new Map<symbol, readonly [name: string, forget: () => unknown]>();

/**
 * Has `forget` called at every logout, in this tab or another, so that what the application holds in memory goes too: a token
 * in a variable, a query cache. `name` is for the report. Returns a function that takes it back.
 *
 * ```ts
 * forgetOnLogout('access token', () => (accessToken = undefined));
 * ```
 */
export function forgetOnLogout(name: string, forget: () => unknown): () => void {
  const key = Symbol();
  holders.set(key, [name, forget]);
  return () => void holders.delete(key);
}
