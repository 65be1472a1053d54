// Compiled by `npm run check`, never run: a directive that finds no error below it is one.
import { logout, onLogout, preload } from '../src/index.js';
import type { Effect, LogoutReport, Outcome, Scope, Selection } from '../src/index.js';

await logout();
const report: LogoutReport = await logout({
  endpoint: '/auth/logout',
  cookies: ['token'],
  localStorage: ['token'],
  sessionStorage: 'everything',
  token: { localStorage: 'token' },
  scope: 'token',
});
const stop: () => void = onLogout((event) => console.log(event.epoch, event.effects), { sessionStorage: 'everything' });
stop();
preload();

const outcomes: Record<Outcome, true> = { confirmed: true, queued: true, 'local-only': true };
const targets: Record<Effect['target'], true> = {
  caches: true,
  cookies: true,
  indexedDB: true,
  localStorage: true,
  memory: true,
  serviceWorker: true,
  sessionStorage: true,
  tabs: true,
};
const scopes: Record<Scope, true> = { token: true, session: true, everywhere: true };
console.log(report.outcome satisfies Outcome, outcomes, targets, scopes);

// @ts-expect-error a misspelt scope
await logout({ scope: 'all' });
// @ts-expect-error one name is a list of one
await logout({ cookies: 'token' });
// @ts-expect-error a token is in one place
await logout({ token: { indexedDB: 'token' } });
// @ts-expect-error the other tab has wiped what tabs share
onLogout(() => {}, { localStorage: 'everything' });
// @ts-expect-error no cache has a token for a name
await logout({ caches: 'tokens' });
// @ts-expect-error the report is a record, not a draft
report.outcome = 'confirmed';
const names: Selection = ['token'] as const;
console.log(names);
