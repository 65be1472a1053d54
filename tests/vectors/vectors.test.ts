/** The vectors against the definition in docs/denylist.md, written down once more in JavaScript. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type Kind, idOf } from './ids.ts';
import vectors from './revocation-ids.json' with { type: 'json' };

for (const { name, pepper, issuer, kind, fields, id } of vectors) {
  test(name, () => {
    const bytes = fields.map((field) => Buffer.from(field, kind === 'signing_input' ? 'hex' : 'utf8'));
    assert.equal(idOf(Buffer.from(pepper, 'hex'), issuer, kind as Kind, bytes), id);
  });
}
