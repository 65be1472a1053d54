import type { Settings } from './settings.js';

/** What is looked at of a request. A header that is not there is empty. */
export interface Head {
  readonly url: string;
  readonly authorization: string;
  readonly cookie: string;
  /** Whether a browser asks what another origin's page may send. */
  readonly isPreflight: boolean;
  /** What this is the head of: a request that reads, one that a proxy asks about, a token alone, a request that may change something; see `exports.rs`. */
  readonly asked?: 0 | 1 | 2 | 3;
}

export function headOf({ url, method, headers }: Request): Head {
  return head(url, method, headers, method === 'GET' || method === 'HEAD' ? 0 : 3);
}

/** Of the request that a proxy asks about, as it tells of it. */
export function forwardedHeadOf({ url, method, headers }: Request, { verify }: Settings): Head {
  if (!verify?.uri) return head(url, method, headers, 1);
  return head(headers.get(verify.uri) ?? '', (verify.method && headers.get(verify.method)) || '', headers, 1);
}

/** As if somebody came with this token. */
export function headOfToken(token: string): Head {
  return { url: '', authorization: `Bearer ${token}`, cookie: '', isPreflight: false, asked: 2 };
}

function head(url: string, method: string, headers: Headers, asked: 0 | 1 | 3): Head {
  return {
    url,
    authorization: headers.get('Authorization') ?? '',
    cookie: headers.get('Cookie') ?? '',
    isPreflight: method === 'OPTIONS' && headers.has('Origin') && headers.has('Access-Control-Request-Method'),
    asked,
  };
}
