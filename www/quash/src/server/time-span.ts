import ms, { type StringValue } from 'ms';

/**
 * The time `span` after `start`, in seconds since the epoch, or `undefined` if it is no time span. A number is seconds; a string
 * is what the npm package ms reads: `'2 days'`, `'10h'`, and without a unit milliseconds.
 */
export function addTimeSpan(start: number, span: unknown): number | undefined {
  if (typeof span === 'number') return start + span;
  const milliseconds = typeof span === 'string' ? (ms(span as StringValue) as number | undefined) : undefined;
  return milliseconds === undefined ? undefined : Math.floor(start + milliseconds / 1000);
}
