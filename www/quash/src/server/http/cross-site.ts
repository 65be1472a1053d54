import type { RequestHeaders } from './credentials.js';

/**
 * Whether a request that carries a cookie may have been made by a page of another origin: it could log its visitors out. A page
 * cannot forge these headers, and every browser since 2023 sends both with a POST.
 */
export function isCrossSite(
  { 'sec-fetch-site': site, origin, host }: RequestHeaders,
  allowedOrigins: readonly string[],
): boolean {
  if (site === 'same-origin') return false;
  if (origin === undefined) return true;
  // Hosts say nothing of the scheme: a page without TLS may be anybody's.
  const isOwn = site === undefined && hostOf(origin) === host;
  return !isOwn && !allowedOrigins.includes(origin);
}

/** `null` is the origin of a sandboxed frame: nobody's. */
function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
