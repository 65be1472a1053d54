export { logout } from './logout.js';
export { onLogout } from './on-logout.js';
export { preload } from './preload.js';
export type { LogoutOptions, Scope, Selection, TokenSource, WipeOptions } from './options.js';
export type { Effect, EffectReason, EdgeAnswer, LogoutEvent, LogoutReport, Outcome } from './report.js';
