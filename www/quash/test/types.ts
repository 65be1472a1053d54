// Compiled by `npm run check`, never run: a directive that finds no error below it is one.
import { logout, onLogout, preload, watchSession } from '../src/index.js';
import type { Effect, LogoutReport, Outcome, Scope, Selection, SessionEnd } from '../src/index.js';
import { useLogout } from '../src/react.js';
import { handleLogout } from '../src/service-worker.js';
import { createLogout, type LogoutState } from '../src/svelte.js';
import { useLogout as useLogoutInVue } from '../src/vue.js';

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

const states: Record<LogoutState, true> = { idle: true, busy: true, done: true, queued: true, failed: true };
const reasons: Record<SessionEnd['reason'], true> = { revoked: true, idle: true };
console.log(states, reasons, useLogout().state satisfies LogoutState, useLogoutInVue().state.value satisfies LogoutState);
const session = watchSession({ idleTimeout: 900_000, onEnd: ({ reason }) => console.log(reason) });
const fetchWatched: typeof fetch = session.fetch;
console.log(fetchWatched, createLogout(() => ({ offline: true })).current().report?.outcome);
handleLogout(({ epoch }) => caches.delete(epoch));

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
// @ts-expect-error a time is in milliseconds
watchSession({ idleTimeout: '15m' });
// @ts-expect-error a state is shown, not set
createLogout().current().state = 'done';
// @ts-expect-error the report is a record, not a draft
report.outcome = 'confirmed';
const names: Selection = ['token'] as const;
console.log(names);
