/** The bytes that people download are a budget. Who needs more says so here. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { browserSizes } from './bundles.ts';

/** Brotli, in bytes. */
const BUDGET = { 'browser/before-click': 996, 'browser/total': 8645, 'browser/all': 11900 } as const;
const GROWTH = 1.03;

describe('what a browser downloads', async () => {
  const sizes = await browserSizes();

  for (const [name, budget] of Object.entries(BUDGET)) {
    it(`${name} is within its budget of ${budget} B`, () => {
      const { brotli } = sizes[name]!;
      assert.ok(brotli <= budget * GROWTH, `${brotli} B, and ${Math.floor(budget * GROWTH)} B are the most`);
    });

    it(`${name} has no budget that it does not need`, () => {
      const { brotli } = sizes[name]!;
      assert.ok(brotli * GROWTH >= budget, `${brotli} B: lower the budget`);
    });
  }

  it('is at most 1 KB before the click, and 10 KB in all', () => {
    assert.ok(sizes['browser/before-click']!.brotli <= 1000);
    assert.ok(sizes['browser/total']!.brotli <= 10_000);
  });
});
