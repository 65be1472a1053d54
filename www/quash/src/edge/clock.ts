/** The time, in milliseconds since the epoch. */

let seen = 0;

/** When a request arrives. */
export function now(): number {
  return (seen = Date.now());
}

/**
 * When it goes on. In a timer's callback the platform says when that was due, which is before what other requests have seen since. What
 * they have seen is nearer the truth, and never ahead of it.
 */
export function later(): number {
  return (seen = Math.max(Date.now(), seen));
}
