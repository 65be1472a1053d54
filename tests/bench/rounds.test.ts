/** The statistics of the benches, on cases that take as long as they say. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { figures, jsonLines, table } from './print.ts';
import { measure, quantile } from './rounds.ts';

/** A case whose iterations take `ns`, and which notes the batches that it ran. */
function takes(name: string, ns: number) {
  const batches: number[] = [];
  const run = async (iterations: number): Promise<number> => {
    batches.push(iterations);
    return iterations * ns;
  };
  return { name, run, batches };
}

describe('rounds', () => {
  it('measures one iteration, whatever the batch', async () => {
    const [fast, slow] = [takes('fast', 3), takes('slow', 7000)];
    const timings = await measure([fast, slow], { rounds: 5, batchNs: 10_000 });
    assert.deepEqual(timings, [
      { name: 'fast', median: 3, p99: 3 },
      { name: 'slow', median: 7000, p99: 7000 },
    ]);
    for (const [{ batches }, ns] of [[fast, 3], [slow, 7000]] as const) {
      assert.ok(batches.slice(-5).every((iterations) => iterations * ns >= 10_000), `batches of ${batches}`);
    }
  });

  it('runs every case in every round, in changing order', async () => {
    const order: string[] = [];
    const cases = ['a', 'b', 'c'].map((name) => ({
      name,
      run: async () => {
        order.push(name);
        return 1;
      },
    }));
    await measure(cases, { rounds: 50, batchNs: 1 });
    const rounds = Array.from({ length: 50 }, (_, round) => order.slice(-150).slice(round * 3, round * 3 + 3).join(''));
    assert.ok(rounds.every((round) => [...round].sort().join('') === 'abc'));
    assert.ok(new Set(rounds).size > 1);
  });

  it('leaves the batches of a case whose inputs are counted', async () => {
    const counted = { ...takes('counted', 3), iterations: 7 };
    await measure([counted], { rounds: 5, batchNs: 10_000 });
    assert.deepEqual(counted.batches, [7, 7, 7, 7, 7]);
  });

  it('counts no round that warms up, and prepares each', async () => {
    let prepared = 0;
    const before = async (): Promise<void> => void (prepared += 1);
    const slowAtFirst = { name: 'a', iterations: 1, run: async () => (prepared <= 3 ? 1000 : 5) };
    const timings = await measure([slowAtFirst], { rounds: 4, batchNs: 1, warmUps: 2, before });
    // Once for the first look at each case.
    assert.equal(prepared, 1 + 2 + 4);
    assert.deepEqual(timings, [{ name: 'a', median: 5, p99: 5 }]);
  });

  it('takes quantiles by nearest rank', () => {
    const values = Array.from({ length: 200 }, (_, index) => 200 - index);
    assert.equal(quantile(values, 0.5), 100);
    assert.equal(quantile(values, 0.99), 198);
    assert.equal(quantile([5], 0.99), 5);
  });

  it('prints figures', () => {
    const timings = [{ name: 'quash/a/wasm', median: 50.04, p99: 60 }, { name: 'jose/a/wasm', median: 100, p99: 120 }];
    const inNs = figures(timings, 'ns');
    assert.equal(jsonLines(inNs).split('\n')[0], '{"case":"quash/a/wasm","metric":"median","value":50,"unit":"ns"}');
    assert.equal(jsonLines(inNs).split('\n').length, 4);
    const [head, quash, jose] = table(inNs, () => 'jose/a/wasm').split('\n');
    assert.match(head ?? '', /^ +median +p99$/);
    assert.match(quash ?? '', /^quash\/a\/wasm +50\.0 ns +60\.0 ns +0\.500 × jose\/a\/wasm$/);
    assert.match(jose ?? '', /^jose\/a\/wasm +100\.0 ns +120\.0 ns$/);
  });

  it('prints what not every case has, and names of any length', () => {
    const metric = 'a_name_of_a_metric_that_is_long';
    const lines = table([
      { case: 'a', metric: 'memory', value: 5, unit: 'B' },
      { case: 'a', metric, value: 244.14, unit: '1' },
      { case: 'a', metric: 'load', value: 2, unit: 'ms' },
      { case: 'b', metric: 'memory', value: 10, unit: 'B' },
      { case: 'b', metric, value: 0, unit: '1' },
    ], () => 'b');
    const [head, a, b] = lines.split('\n');
    assert.match(head ?? '', new RegExp(`^ +memory  ${metric} +load$`));
    assert.match(a ?? '', /^a +5 B +244\.1 +2\.00 ms  0\.500 × b$/);
    assert.match(b ?? '', /^b +10 B +0\.0$/);
    // Each below its name.
    assert.equal(a?.indexOf('244.1'), (head?.indexOf(metric) ?? 0) + metric.length - '244.1'.length);
  });

  it('prints them in the unit that is asked for', () => {
    const inUs = figures([{ name: 'a', median: 2314, p99: 60_000 }], 'us');
    assert.equal(jsonLines(inUs).split('\n')[0], '{"case":"a","metric":"median","value":2.31,"unit":"us"}');
    assert.match(table(inUs, () => 'b').split('\n')[1] ?? '', /^a +2\.31 us +60\.00 us$/);
  });
});
