import type { RawAnswer } from './notify.js';
import type { EdgeAnswer } from './report.js';

/** The answer in the report's words. */
export function understand({ status, body, reason }: RawAnswer): EdgeAnswer {
  if (reason) return { status, reason };
  const { outcome, code, revoked_at: revokedAt, tokens = [] } = body ?? {};
  // Nothing but a 200 that says so is taken for a revocation.
  if (!(outcome ? status === 200 : code)) return { status, reason: 'not_understood' };
  // Of an error as a whole, else of the first token that could not be revoked.
  return { status, outcome, code: code ?? tokens?.find?.((token: { code?: string }) => token.code)?.code, revokedAt };
}
