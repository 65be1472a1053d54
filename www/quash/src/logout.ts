import { loadEngine } from './engine.js';
import { newEpoch } from './epoch.js';
import { fallbackLogout } from './fallback.js';
import type { LogoutOptions } from './options.js';
import type { LogoutReport } from './report.js';
import { readToken } from './token.js';

/**
 * Logs this browser out: tells the edge to revoke the token, wipes what `options` name, tells the other tabs, and reports
 * what became of each. The edge and the wipe do not wait for each other, and nothing that fails stops the rest.
 *
 * Never rejects. A `local-only` report says what the edge answered; the same call can then be made again.
 */
export async function logout(options: LogoutOptions = {}): Promise<LogoutReport> {
  const started = performance.now();
  // Read now, not when the module is there: the application's next line may be `localStorage.clear()`.
  const request = { ...options, token: readToken(options.token), epoch: newEpoch() };

  const finish = (engine: LogoutReport['engine']) => (report: Omit<LogoutReport, 'engine' | 'durationMs'>) => ({
    ...report,
    engine,
    durationMs: performance.now() - started,
  });
  return loadEngine()
    .then((engine) => engine.logout(window, request))
    .then(finish('wasm'), () => fallbackLogout(request).then(finish('fallback')));
}
