/** What everyone may expect of a page that was put together by their bundler. */
import assert from 'node:assert/strict';

import type { LogoutReport } from '../../www/quash/src/index.ts';
import type { Visit } from './visit.ts';

/** The package's own button, and one that calls `logout()`, in `page/index.html`. */
export const BUTTONS = ['quash-logout >>> [part=button]', '#call'];

export function assertLoggedOut({ report, left, complaints }: Visit, engine: LogoutReport['engine']): void {
  assert.equal(report.outcome, 'confirmed');
  assert.equal(report.engine, engine);
  assert.deepEqual(left, ['quash:epoch']);
  assert.deepEqual(complaints, []);
}
