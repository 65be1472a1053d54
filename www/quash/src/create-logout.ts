import { logout } from './logout.js';
import type { LogoutOptions } from './options.js';
import { prepareLogout } from './prepare.js';
import type { LogoutReport } from './report.js';
import { readToken } from './token.js';

/**
 * What a logout is doing. `queued`: this browser is wiped, and the edge will be told when it can be reached. `failed`: something is
 * left that another try may do, see the report.
 */
export type LogoutState = 'idle' | 'busy' | 'done' | 'queued' | 'failed';

export interface LogoutProgress {
  readonly state: LogoutState;
  /** Of the last logout that has ended. */
  readonly report?: LogoutReport | undefined;
}

export interface CreateLogoutOptions extends LogoutOptions {
  /** Do what `prepareLogout` does while somebody is subscribed, so that a logout works offline, too. Default: `false`. */
  readonly offline?: boolean | undefined;
}

/** A store by Svelte's contract; other frameworks' subscribe to it as well. */
export interface LogoutStore {
  /** Calls `run` at once and with every change. Returns a function that ends it. */
  subscribe(run: (progress: LogoutProgress) => void): () => void;
  /** What `run` was called with last: the same object until something changes. */
  current(): LogoutProgress;
  /** Logs out, once at a time: whoever asks meanwhile gets the same report. Rejects only when a function for options throws. */
  logout(): Promise<LogoutReport>;
  /** With `offline`: asks for a handle of the token as it is now. Call it after a login and a refresh: a handle is good for one token. */
  prepare(): void;
}

/**
 * A logout that can be watched, and tried again: it remembers the token that the first try has wiped. `options` are read when they
 * are needed; a function gives the latest ones.
 *
 * ```svelte
 * <script>
 *   import { createLogout } from 'quash/svelte';
 *   const logout = createLogout({ token: { localStorage: 'token' }, wipe: 'everything' });
 * </script>
 * <button onclick={logout.logout} disabled={$logout.state === 'busy'}>Log out</button>
 * ```
 */
export function createLogout(options: CreateLogoutOptions | (() => CreateLogoutOptions) = {}): LogoutStore {
  const latest = () => (typeof options === 'function' ? options() : options);
  const subscribers = new Set<{ run: (progress: LogoutProgress) => void }>();
  let progress: LogoutProgress = { state: 'idle' };
  let stopPreparing: (() => void) | undefined;
  let busy: Promise<LogoutReport> | undefined;
  // For another try: by then the wipe has taken the token from where it was, and the handle is in the outbox.
  let token: string | undefined;
  let isQueued = false;

  const show = (next: LogoutProgress) => {
    progress = next;
    for (const { run } of subscribers) {
      try {
        run(progress);
      } catch (error) {
        // The page's to see, and no reason to stop halfway.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  };
  const logoutOnce = async (): Promise<LogoutReport> => {
    const now = latest();
    token = readToken(now.token) ?? token;
    const ending = logout({ ...now, token });
    show({ ...progress, state: 'busy' });
    const ended = await ending;
    const report: LogoutReport = isQueued && ended.outcome === 'local-only' ? { ...ended, outcome: 'queued' } : ended;
    const state = stateAfter(report);
    if (state !== 'failed') token = undefined;
    isQueued = state === 'failed' && report.outcome === 'queued';
    show({ state, report });
    return report;
  };
  const prepare = () => {
    stopPreparing?.();
    stopPreparing = subscribers.size > 0 && latest().offline ? prepareLogout(latest()) : undefined;
  };

  return {
    subscribe(run) {
      // The same function may subscribe twice.
      const subscriber = { run };
      subscribers.add(subscriber);
      if (subscribers.size === 1) prepare();
      run(progress);
      return () => {
        subscribers.delete(subscriber);
        if (subscribers.size === 0) prepare();
      };
    },
    current: () => progress,
    logout: () => (busy ??= logoutOnce().finally(() => (busy = undefined))),
    prepare,
  };
}

/** Failed is what another try could improve. */
function stateAfter({ outcome, edge, effects }: LogoutReport): 'done' | 'queued' | 'failed' {
  const isWiped = effects.every((effect) => effect.outcome !== 'failed' || effect.target === 'tabs');
  if (!isWiped || (outcome === 'local-only' && edge.outcome !== 'no_token')) return 'failed';
  return outcome === 'queued' ? 'queued' : 'done';
}
