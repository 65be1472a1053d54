/** The two ways out. */
import { logout } from 'quash';
import type { LogoutReport, WipeOptions } from 'quash';

import { expireCookies } from './bank.ts';

/** Where this page keeps things of its user. */
export const WIPE = {
  cookies: ['token'],
  localStorage: ['token'],
  sessionStorage: 'everything',
} as const satisfies WipeOptions;

/** Wipes, and tells the edge. */
export function logOutWithQuash(): Promise<LogoutReport> {
  return logout({ token: { localStorage: 'token' }, ...WIPE });
}

/** As everybody is told: the server expires its cookies, the page forgets its token. Nothing here is done badly. */
export async function logOutAsUsual(): Promise<void> {
  await expireCookies();
  localStorage.removeItem('token');
  sessionStorage.clear();
}
