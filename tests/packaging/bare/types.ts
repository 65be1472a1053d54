// Compiled, never run: what somebody without any framework writes.
import { type LogoutReport, forgetOnLogout, logout, logoutOthers, onLogout, prepareLogout, preload, watchSession } from 'quash';
import { QuashLogoutElement } from 'quash/element';
import { handleLogout } from 'quash/service-worker';
import { createLogout } from 'quash/svelte';

const report: LogoutReport = await logout({ token: { localStorage: 'token' }, wipe: 'everything', keep: ['theme'] });
const stops: (() => void)[] = [onLogout(() => {}), prepareLogout(), forgetOnLogout('token', () => {})];
stops.push(watchSession({ idleTimeout: 900_000, onEnd: ({ reason }) => console.log(reason) }).stop);
await preload();
const isDurable: boolean = await logoutOthers({ endpoint: '/auth/logout' });

const element: QuashLogoutElement | null = document.querySelector('quash-logout');
document.addEventListener('quash:logout', ({ detail }) => detail.outcome === report.outcome && isDurable);
handleLogout(() => caches.delete('api'));
stops.push(createLogout({ offline: true }).subscribe(({ state }) => element?.toggleAttribute(state)));

// @ts-expect-error a misspelt place: with types that are not found everything would be right
await logout({ localstorage: 'everything' });
