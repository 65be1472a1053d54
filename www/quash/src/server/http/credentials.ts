/** The headers of a request that may carry a token, as Node.js has them. */
export interface RequestHeaders {
  readonly authorization?: string | undefined;
  readonly cookie?: string | undefined;
  readonly origin?: string | undefined;
  readonly host?: string | undefined;
  readonly 'sec-fetch-site'?: string | string[] | undefined;
}

export interface Credential {
  readonly token: string;
  readonly isCookie: boolean;
}

/**
 * Every token that a request carries: as `Authorization: Bearer` (RFC 6750 section 2.1), and in cookies of these names. A browser
 * sends two cookies of one name when they were set for different paths, so a second one may be an attacker's.
 */
export function credentials({ authorization, cookie }: RequestHeaders, cookies: readonly string[]): Credential[] {
  return [
    ...bearers(authorization).map((token) => ({ token, isCookie: false })),
    ...values(cookie, cookies).map((token) => ({ token, isCookie: true })),
  ];
}

/** Proxies join several headers by commas, which no token contains. Node.js itself drops all but the first. */
function bearers(authorization = ''): string[] {
  const parts = authorization.split(',').map((part) => part.trim());
  return parts.filter((part) => /^bearer /i.test(part)).map((part) => part.slice('bearer '.length).trim());
}

function values(cookie = '', names: readonly string[]): string[] {
  return cookie.split(';').flatMap((pair) => {
    const [name, value] = split(pair);
    return value !== '' && names.includes(name) ? [value] : [];
  });
}

function split(pair: string): [name: string, value: string] {
  const end = pair.indexOf('=');
  return end < 0 ? ['', ''] : [pair.slice(0, end).trim(), pair.slice(end + 1).trim()];
}
