import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readCsv } from '../../dist/server/import/csv.js';

const records = (text: string) => [...readCsv(text)];

test('CSV as RFC 4180 has it', () => {
  assert.deepEqual(records(''), []);
  assert.deepEqual(records('a,b'), []);
  assert.deepEqual(records('\ufeffa, b\n1,2'), [{ line: 2, record: { a: '1', b: '2' } }]);
  assert.deepEqual(records('a,b\r\n"x, ""y""\nz",2\r\n\r\n,4\r\n'), [
    { line: 2, record: { a: 'x, "y"\nz', b: '2' } },
    { line: 5, record: { b: '4' } },
  ]);
  assert.deepEqual(records('a\n""\n'), []);
});

test('what is none says where', () => {
  for (const [text, error] of [
    ['a,b\n1', /^line 2: 1 fields for 2 names$/],
    ['a\n1,2', /^line 2: 2 fields for 1 names$/],
    ['a\n"1\n', /^line 2: a quote/],
    ['a\n"1"2\n', /^line 2: a quote/],
    ['a\n1"2"\n', /^line 2: a quote/],
    ['a\rb\n', /^line 1: a quote/],
  ] as const) {
    assert.throws(() => records(text), { name: 'SyntaxError', message: error }, text);
  }
});
