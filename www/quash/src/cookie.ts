/** The cookies that this page can read. Throws where the browser denies them. */
export function readCookies(): [name: string, value: string][] {
  return document.cookie
    .split('; ')
    .filter(Boolean)
    .map((pair) => {
      const equals = pair.indexOf('=');
      return [pair.slice(0, Math.max(equals, 0)), pair.slice(equals + 1)];
    });
}
