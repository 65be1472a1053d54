/** The reader of a module's code and names, on one that is put together by hand. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { partsOf } from './crates.ts';

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** An import of each kind, of which two are functions. */
const IMPORTS = section(2, list([
  [...text('m'), ...text('function'), 0, 0],
  [...text('m'), ...text('table'), 1, 0x70, 1, 0, 200, 1],
  [...text('m'), ...text('memory'), 2, 0, 17],
  [...text('m'), ...text('global'), 3, 0x7f, 0],
  [...text('m'), ...text('tag'), 4, 0, 0],
  [...text('m'), ...text('function'), 0, 0],
]));

/** Bodies of 3, 300, 4 and 2 bytes; each is preceded by its length, which takes two bytes for the second. */
const CODE = section(10, list([3, 300, 4, 2].map((length) => [...leb(length), ...new Array<number>(length).fill(0)])));
const DATA = section(11, list([[1, 3, 1, 2, 3]]));

const PRODUCERS = section(0, [...text('producers'), 0]);

/** Names of the module, of functions, two of which are imported, and of locals. */
const NAMES = section(0, [
  ...text('name'),
  ...section(0, text('module')),
  ...section(1, list([
    [...leb(0), ...text('_ZN8imported1fE')],
    [...leb(1), ...text('_ZN8imported1gE')],
    [...leb(2), ...text('_ZN3one1fE')],
    [...leb(3), ...text('_RNvC3two1f')],
    [...leb(4), ...text('_ZN3one1gE')],
    [...leb(5), ...text('__wbindgen_malloc')],
  ])),
  ...section(2, list([[...leb(2), ...list([[...leb(0), ...text('local')]])]])),
]);

const MODULE = Uint8Array.from([...HEADER, ...IMPORTS, ...CODE, ...DATA, ...PRODUCERS, ...NAMES]);

describe('the parts of a module', () => {
  const parts = partsOf(MODULE);

  it('are the code of each crate, with what precedes a body', () => {
    assert.deepEqual([...parts.crates], [['one', 4 + 5], ['two', 302]]);
  });

  it('are the code without a crate, the data, and the rest', () => {
    // What remains of the section: its id, its size of two bytes, the number of bodies.
    assert.equal(parts.unnamed, 3 + 4);
    assert.equal(parts.data, DATA.length);
    assert.equal(parts.other, HEADER.length + IMPORTS.length + PRODUCERS.length);
  });

  it('add up to the module without its names', () => {
    const code = [...parts.crates.values()].reduce((sum, size) => sum + size, 0);
    assert.equal(code + parts.unnamed + parts.data + parts.other, MODULE.length - NAMES.length);
  });
});

describe('a module that cannot be read', () => {
  for (const [why, bytes, message] of [
    ['without names', [...HEADER, ...CODE], /no names/],
    ['cut off', [...MODULE.slice(0, 100)], /too early/],
    ['of another format', text('#!/bin/sh\n'), /no WebAssembly/],
    ['with an unknown import', [...HEADER, ...section(2, list([[...text('m'), ...text('f'), 9]]))], /kind 9/],
  ] as const) {
    it(`is refused: ${why}`, () => assert.throws(() => partsOf(Uint8Array.from(bytes)), message));
  }
});

function section(id: number, content: readonly number[]): number[] {
  return [id, ...leb(content.length), ...content];
}

function list(items: readonly (readonly number[])[]): number[] {
  return [...leb(items.length), ...items.flat()];
}

function text(value: string): number[] {
  return [...leb(value.length), ...Buffer.from(value)];
}

function leb(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...leb(Math.floor(value / 128))];
}
