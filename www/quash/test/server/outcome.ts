/** What a call came to, so that two libraries' can be compared. */
export type Outcome = { readonly value: unknown } | { readonly error: object };

/** A call that returns or throws. */
export function outcomeOf(call: () => unknown): Outcome {
  try {
    return { value: call() };
  } catch (error) {
    return { error: told(error) };
  }
}

/** A call that tells a callback; the first that it is told counts. */
export function outcomeOfCallback(call: (callback: (error: unknown, value?: unknown) => void) => unknown): Promise<Outcome> {
  return new Promise((resolve) => {
    try {
      call((error, value) => resolve(error ? { error: told(error) } : { value }));
    } catch (error) {
      resolve({ error: { thrown: told(error) } });
    }
  });
}

/** All of an error that a program may look at. */
function told(error: unknown): object {
  if (!(error instanceof Error)) return { error };
  // OpenSSL's stack tells of errors before, too.
  const { opensslErrorStack: _, ...members } = error as Error & { opensslErrorStack?: unknown };
  return { ...members, members: Object.keys(members).sort(), class: error.constructor.name, name: error.name, message: error.message };
}

export function messageOf(outcome: Outcome): string | undefined {
  return 'error' in outcome ? (outcome.error as { message?: string }).message : undefined;
}

/** A token as RFC 7515 section 7.1 puts it together, of segments that no library would write. */
export function compact(header: unknown, payload: string | object, sign: (input: string) => string = () => ''): string {
  const text = (it: unknown) => (typeof it === 'string' ? it : JSON.stringify(it));
  const input = [header, payload].map((segment) => Buffer.from(text(segment)).toString('base64url')).join('.');
  return `${input}.${sign(input)}`;
}
