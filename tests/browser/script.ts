/** What is evaluated in a page: a function as text, and what came of it as JSON. Every engine gets the same. */

/**
 * An expression for a promise of JSON. The function travels as its source, which type stripping has left without types: it sees
 * its arguments and the page, and nothing of the file that it stands in.
 */
export function expression(fn: (...args: never[]) => unknown, args: readonly unknown[]): string {
  return `(async () => {
    try {
      return JSON.stringify({ value: await (${fn})(...${JSON.stringify(args)}) });
    } catch (error) {
      return JSON.stringify({ error: String(error) });
    }
  })()`;
}

/**
 * What the function returned.
 *
 * @throws Error with what it threw.
 */
export function result<T>(json: string): T {
  const { value, error } = JSON.parse(json) as { value: T; error?: string };
  if (error !== undefined) throw new Error(error);
  return value;
}
