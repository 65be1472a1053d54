const FIRST_MS = 2000;
const LONGEST_MS = 300_000;

/**
 * How long to wait before the edge is asked again, in milliseconds, after so many attempts. Half of it is at random: all who lost
 * the same edge come back at different times.
 */
export function backoff(attempts: number): number {
  return (Math.min(FIRST_MS * 2 ** (attempts - 1), LONGEST_MS) * (1 + Math.random())) / 2;
}
