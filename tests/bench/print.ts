/** Figures for standard output: a table for people, or JSON for programs. */
import type { Timing } from './rounds.ts';

export interface Figure {
  readonly case: string;
  readonly metric: string;
  readonly value: number;
  readonly unit: Unit;
}

/** The digits that are printed after the point. */
const DIGITS = { ns: 1, us: 2, ms: 2, '1/s': 0, B: 0, bit: 2, '1': 1 } as const;
export type Unit = keyof typeof DIGITS;

const NS_PER = { ns: 1, us: 1e3, ms: 1e6 } as const;

/** @param unit What they are printed in. */
export function figures(timings: readonly Timing[], unit: keyof typeof NS_PER): Figure[] {
  return timings.flatMap(({ name, ...metrics }) =>
    Object.entries(metrics).map(([metric, ns]): Figure => ({ case: name, metric, value: ns / NS_PER[unit], unit })));
}

/**
 * A line for each case, with its metrics and the ratio of its first one.
 *
 * @param peer Names the case that a case is held against.
 */
export function table(figures: readonly Figure[], peer: (name: string) => string): string {
  const cases = Map.groupBy(figures, (figure) => figure.case);
  const metrics = [...new Set(figures.map(({ metric }) => metric))];
  const widths = metrics.map((metric) => Math.max(14, metric.length + 2));
  const lines = [...cases].map(([name, own]) => {
    const [first, its] = [own[0], cases.get(peer(name))?.[0]];
    const ratio = first && its && name !== its.case ? `${(first.value / its.value).toFixed(3)} × ${its.case}` : '';
    return line(name, metrics.map((metric) => printed(own.find((figure) => figure.metric === metric))), widths, ratio);
  });
  return [line('', metrics, widths, ''), ...lines].join('\n');
}

/** Not every case has every metric. A number without a unit is printed as one. */
function printed(figure: Figure | undefined): string {
  if (!figure) return '';
  const { value, unit } = figure;
  return `${value.toFixed(DIGITS[unit])}${unit === '1' ? '' : ` ${unit}`}`;
}

function line(name: string, columns: readonly string[], widths: readonly number[], ratio: string): string {
  return `${name.padEnd(24)}${columns.map((column, at) => column.padStart(widths[at] ?? 0)).join('')}  ${ratio}`.trimEnd();
}

/** One object a line. */
export function jsonLines(figures: readonly Figure[]): string {
  return figures.map((figure) => JSON.stringify({ ...figure, value: rounded(figure) })).join('\n');
}

function rounded({ value, unit }: Figure): number {
  return Number(value.toFixed(DIGITS[unit]));
}
