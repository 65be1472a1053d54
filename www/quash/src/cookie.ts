/** The names of the cookies that this page can read. Throws where the browser denies cookies. */
export function cookieNames(): string[] {
  return pairs().map(([name]) => name);
}

/** The value of the first cookie of that name that this page can read. Throws where the browser denies cookies. */
export function cookieValue(name: string): string | undefined {
  return pairs().find(([other]) => other === name)?.[1];
}

function pairs(): [name: string, value: string][] {
  const pairs = document.cookie.split('; ').filter(Boolean);
  return pairs.map((pair) => {
    const equals = pair.indexOf('=');
    return [pair.slice(0, Math.max(equals, 0)), pair.slice(equals + 1)];
  });
}
