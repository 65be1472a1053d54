/** What is looked at of a request. A header that is not there is empty. */
export interface Head {
  readonly url: string;
  readonly authorization: string;
  readonly cookie: string;
  /** Whether a browser asks what another origin's page may send. */
  readonly isPreflight: boolean;
}

export function headOf(request: Request): Head {
  const { url, method, headers } = request;
  return {
    url,
    authorization: headers.get('Authorization') ?? '',
    cookie: headers.get('Cookie') ?? '',
    isPreflight: method === 'OPTIONS' && headers.has('Origin') && headers.has('Access-Control-Request-Method'),
  };
}
