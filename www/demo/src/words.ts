/** How the page says things. */

const REFUSALS: Record<string, string> = {
  token_missing: 'no pass was shown',
  token_revoked: 'this pass was logged out',
  token_expired: 'this pass has expired',
  token_ambiguous: 'two passes were shown',
  store_unavailable: 'the edge cannot read its list, so it lets nobody in',
  no_answer: 'no answer came back',
};

/** Why the edge said no, after "Refused: ". */
export function refusal(code: string): string {
  return REFUSALS[code] ?? code;
}

export function money(cents: number, currency: string): string {
  return new Intl.NumberFormat('en-IE', { style: 'currency', currency }).format(cents / 100);
}

/** "9 min 48 s". */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** "8 ms", "1.2 s". */
export function delay(ms: number): string {
  return ms < 1000 ? `${Math.max(1, Math.round(ms))} ms` : ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : duration(ms);
}

/** The first and the last of a token: enough to recognise it. */
export function abridged(token: string): string {
  return `${token.slice(0, 8)}…${token.slice(-6)}`;
}
