export { explain } from './explain.js';
export { logout } from './logout.js';
export { logoutOthers } from './logout-others.js';
export { forgetOnLogout } from './memory.js';
export { onLogout, type OnLogoutOptions } from './on-logout.js';
export { prepareLogout } from './prepare.js';
export { preload } from './preload.js';
export { watchSession, type SessionEnd, type WatchedSession, type WatchSessionOptions } from './watch-session.js';
export type {
  DatabaseSelection,
  DatabaseStores,
  EdgeOptions,
  LogoutOptions,
  Scope,
  Selection,
  TokenSource,
  WipeOptions,
} from './options.js';
export type { EdgeAnswer, Effect, EffectReason, LogoutEvent, LogoutReport, Outcome } from './report.js';
