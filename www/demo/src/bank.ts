/** What the bank's server can be asked for. */

export interface Login {
  readonly token: string;
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly expires_at: number;
}

export interface Account {
  readonly name: string;
  readonly account: string;
  readonly currency: string;
  readonly balance_cents: number;
  readonly activity: readonly { readonly what: string; readonly cents: number }[];
  /** When the token that was shown expires, in milliseconds since the epoch. */
  readonly expires_at: number;
}

export type Answer =
  | { readonly status: 200; readonly account: Account }
  /** `code` is Quash's, for example `token_revoked`; `status` 0 means that there was no answer. */
  | { readonly status: number; readonly account?: undefined; readonly code: string };

/**
 * Logs in. The server sets its cookies; the token in the answer is for the page.
 *
 * @throws Error with a sentence for the user.
 */
export async function logIn(name: string): Promise<Login> {
  const response = await fetch('/login', { method: 'POST', body: new URLSearchParams({ name }) });
  if (response.ok) return response.json();
  throw new Error(response.status === 400 ? 'A name has 1 to 40 characters.' : `The bank answers ${response.status}.`);
}

/** Asks the server to expire its cookies in this browser: the usual logout. */
export async function expireCookies(): Promise<void> {
  await fetch('/login', { method: 'DELETE' });
}

/** Asks for the account as this browser does: with its cookies. */
export function asBrowser(): Promise<Answer> {
  return ask({ credentials: 'same-origin' });
}

/** Asks for the account as anybody can who holds `token`: from anywhere, with nothing else. */
export function asHolderOf(token: string): Promise<Answer> {
  return ask({ credentials: 'omit', headers: { Authorization: `Bearer ${token}` } });
}

async function ask(request: RequestInit): Promise<Answer> {
  try {
    const response = await fetch('/api/me', { ...request, cache: 'no-store' });
    const body = await response.json();
    return response.status === 200 ? { status: 200, account: body } : { status: response.status, code: String(body.code) };
  } catch {
    return { status: 0, code: 'no_answer' };
  }
}
