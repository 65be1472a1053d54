import { full, load } from './load.js';
import { notify } from './notify.js';
import { wipeObvious } from './obvious.js';
import type { LogoutOptions } from './options.js';
import { queue } from './outbox.js';
import type { LogoutReport } from './report.js';
import { readToken } from './token.js';

/**
 * Logs this browser out: tells the edge to revoke the token, wipes what `options` name, tells the other tabs, and reports
 * what became of each. The edge and the wipe do not wait for each other, and nothing that fails stops the rest.
 *
 * When this returns, the request is under way and the obvious is gone, whether the rest has been loaded or not. Never rejects.
 */
export async function logout(options: LogoutOptions = {}): Promise<LogoutReport> {
  const started = Date.now();
  // Read now: the next line wipes it.
  const message = { ...options, token: readToken(options.token) };
  const answer = notify(message);
  const first = full ? [] : wipeObvious(options);

  const rest = full ?? (await load());
  const report = await rest?.logout(message, answer, first, started).catch(() => undefined);
  if (report) return report;
  const { body, ...edge } = await answer;
  // Where even this could not be fetched, the edge was hardly reached; the next page sends what is queued now.
  const outcome =
    edge.status === 200 && body?.outcome === 'revoked' ? 'confirmed' : queue(`${started}`) ? 'queued' : 'local-only';
  return { outcome, edge, effects: first[0] ? first : wipeObvious(options), engine: 'none', durationMs: Date.now() - started };
}
