/** The table in docs/browsers.md: what the engines did in the scenarios. The run writes it, with `UPDATE_DOCS=1`, or compares. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import { ROOT } from '../../www/demo/wrangler.ts';
import { type EngineName } from './engine.ts';
import { ENGINE_NAMES } from './engines.ts';

const FILE = resolve(ROOT, 'docs/browsers.md');
const TITLES: Readonly<Record<EngineName, string>> = { chromium: 'Chromium', firefox: 'Firefox', webkit: 'WebKit' };

export class Matrix {
  readonly #rows = new Map<string, Map<EngineName, string>>();

  /** Whatever is to be played, so that a run of a part is known for one. */
  expect(scenario: string): void {
    if (!this.#rows.has(scenario)) this.#rows.set(scenario, new Map());
  }

  /** Only what has passed comes here. */
  record(scenario: string, engine: EngineName, remark: string | void): void {
    this.#rows.get(scenario)?.set(engine, remark ? `yes; ${remark}` : 'yes');
  }

  /** Does the page say what was seen? Of a run that was not whole there is nothing to say. */
  async compare(): Promise<void> {
    const rows = [...this.#rows].map(([scenario, row]) => [`A logout ${scenario}`, ...ENGINE_NAMES.map((name) => row.get(name) ?? '')]);
    if (rows.some((cells) => cells.includes(''))) return;
    const head = ['', ...ENGINE_NAMES.map((name) => TITLES[name])];
    const table = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
    const page = await readFile(FILE, 'utf8');
    const updated = page.replace(/^\|[^]*\|$/m, table);
    if (process.env['UPDATE_DOCS']) await writeFile(FILE, updated);
    else assert.equal(page, updated, 'docs/browsers.md is not what was seen: run this with UPDATE_DOCS=1');
  }
}
