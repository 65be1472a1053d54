/** What TypeScript finds in the packed package is what a runtime finds there, for every subpath. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { problemAffectsResolutionKind } from '@arethetypeswrong/core/problems';

import { pack } from './packed.ts';

/**
 * The profile `esm-only`. There is nothing for CommonJS to find: a browser has no use for it, and Node.js can require an ES
 * module. And resolution as before Node.js 12 knows no `exports`, which every bundler of today does.
 */
const RESOLUTIONS = ['node16-esm', 'bundler'] as const;

test('the types are right', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'quash-packaging-'));
  try {
    const analysis = await checkPackage(createPackageFromTarballData(await readFile(await pack(folder))));
    assert.ok(analysis.types);
    assert.ok(Object.keys(analysis.entrypoints).length > 1);
    const problems = analysis.problems.filter((problem) =>
      RESOLUTIONS.some((resolution) => problemAffectsResolutionKind(problem, resolution, analysis)),
    );
    assert.deepEqual(problems, []);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
