/** What was timed in a browser, for standard output: a line for people, or JSON lines for programs. */
import { quantile } from './rounds.ts';

/** A case, as soon as it has been measured: engines take their time. */
export function printMilliseconds(name: string, milliseconds: readonly number[], json = false): void {
  const median = rounded(quantile(milliseconds, 0.5));
  const p99 = rounded(quantile(milliseconds, 0.99));
  if (json) {
    console.log(JSON.stringify({ case: name, metric: 'median', value: median, unit: 'ms' }));
    console.log(JSON.stringify({ case: name, metric: 'p99', value: p99, unit: 'ms' }));
  } else {
    console.log(`${name.padEnd(28)}${`${median} ms`.padStart(12)} median${`${p99} ms`.padStart(12)} p99`);
  }
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}
