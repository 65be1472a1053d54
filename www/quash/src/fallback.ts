import { cookieNames, cookieValue } from './cookie.js';
import type { EngineReport, LogoutRequest } from './engine.js';
import { CHANNEL, EPOCH_KEY } from './epoch.js';
import type { Selection } from './options.js';
import type { EdgeAnswer, Effect } from './report.js';
import { wipeStorage } from './storage.js';

/**
 * A logout without WebAssembly: the same request and storage wipe. Of the cookies it expires those with `Path=/`, for this
 * host alone and for its domain; the report says which remain.
 */
export async function fallbackLogout(request: LogoutRequest): Promise<EngineReport> {
  const answer = notify(request);
  const effects = [
    ...wipeStorage('localStorage', request.localStorage),
    ...wipeStorage('sessionStorage', request.sessionStorage),
    ...wipeCookies(request.cookies),
    tellTabs(CHANNEL, () => post(request.epoch)),
    tellTabs(EPOCH_KEY, () => localStorage.setItem(EPOCH_KEY, request.epoch)),
  ];
  const edge = await answer;
  return { outcome: edge.status === 200 && edge.outcome === 'revoked' ? 'confirmed' : 'local-only', edge, effects };
}

async function notify({ endpoint = '/auth/logout', token, scope, timeout = 5000 }: LogoutRequest): Promise<EdgeAnswer> {
  try {
    const form = new URLSearchParams();
    if (token !== undefined) form.set('token', token);
    if (scope !== undefined) form.set('scope', scope);
    const response = await fetch(endpoint, {
      method: 'POST',
      credentials: 'include',
      keepalive: true,
      body: token === undefined && scope === undefined ? null : form,
      signal: AbortSignal.timeout?.(timeout) ?? null,
    });
    const { status } = response;
    const body = await response.json().catch(() => undefined);
    if (!body?.outcome && !body?.code) return { status, reason: 'not_understood' };
    return { status, outcome: body.outcome, code: body.code ?? refusal(body), revokedAt: body.revoked_at };
  } catch (error) {
    return { status: 0, reason: error instanceof Error && error.name === 'TimeoutError' ? 'timeout' : 'network' };
  }
}

function refusal(body: { tokens?: { code?: string }[] }): string | undefined {
  return body.tokens?.find(({ code }) => code)?.code;
}

function wipeCookies(selection: Selection = []): Effect[] {
  try {
    return (selection === 'everything' ? cookieNames() : selection).map(expire);
  } catch {
    return [{ target: 'cookie', name: '*', outcome: 'failed', reason: 'denied' }];
  }
}

function expire(name: string): Effect {
  // The rule of `quash_core::logout::CookieName`, in short: nothing that could end the name.
  if (/[;=\0-\x1f\x7f]/.test(name)) return { target: 'cookie', name, outcome: 'failed', reason: 'invalid_name' };
  if (cookieValue(name) === undefined) return { target: 'cookie', name, outcome: 'skipped', reason: 'not_found' };
  const secure = isSecureContext ? '; Secure; SameSite=None' : '';
  for (const attributes of ['', secure, `; Domain=${location.hostname}`]) {
    document.cookie = `${name}=x; Max-Age=0; Path=/${attributes}`;
  }
  if (cookieValue(name) === undefined) return { target: 'cookie', name, outcome: 'done' };
  return { target: 'cookie', name, outcome: 'failed', reason: 'still_readable' };
}

function post(epoch: string): void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage(epoch);
  channel.close();
}

function tellTabs(name: string, tell: () => void): Effect {
  try {
    tell();
    return { target: 'tabs', name, outcome: 'done' };
  } catch {
    return { target: 'tabs', name, outcome: 'failed', reason: 'denied' };
  }
}
