/** Timings for standard output: a table for people, or JSON for programs. */
import type { Timing } from './rounds.ts';

/** @param peer Names the case that a case is held against. */
export function table(timings: readonly Timing[], peer: (name: string) => string): string {
  const rows = timings.map(({ name, median, p99 }) => {
    const its = timings.find((timing) => timing.name === peer(name));
    const ratio = its && name !== its.name ? `${(median / its.median).toFixed(3)} × ${its.name}` : '';
    return [name, ns(median), ns(p99), ratio] as const;
  });
  return [['', 'median', 'p99', ''] as const, ...rows]
    .map(([name, median, p99, ratio]) => `${name.padEnd(24)}${median.padStart(12)}${p99.padStart(12)}  ${ratio}`.trimEnd())
    .join('\n');
}

/** One object a line. */
export function jsonLines(timings: readonly Timing[]): string {
  return timings
    .flatMap(({ name, ...metrics }) =>
      Object.entries(metrics).map(([metric, value]) => ({ case: name, metric, value: rounded(value), unit: 'ns' })))
    .map((figure) => JSON.stringify(figure))
    .join('\n');
}

function ns(value: number): string {
  return `${rounded(value).toFixed(1)} ns`;
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
