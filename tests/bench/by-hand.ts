/**
 * What `crates/browser` decides, written by hand in JavaScript: the peer that tells what WebAssembly costs. Measured, and never
 * shipped.
 */
import type { Engine } from '../../www/quash/src/engine.ts';

export async function startWasm(): Promise<Engine> {
  return { name: 'wasm', selects, expiringWrites };
}

const SECURITIES = ['', '; Secure; SameSite=None', '; Secure; SameSite=None; Partitioned'];

function expiringWrites(name: string, host: string, path: string, secure: boolean): string {
  if (/[=;\0-\x08\x0a-\x1f\x7f]/.test(name)) return '';
  const isHost = /^__host-/i.test(name);
  const isSecure = isHost || /^__secure-/i.test(name);
  let writes = '';
  for (const folder of paths(path)) {
    for (const domain of domains(host)) {
      for (const security of SECURITIES) {
        if (security ? !secure : isSecure) continue;
        if (isHost && (folder !== '/' || domain)) continue;
        writes += `${name}=x; Max-Age=0; Path=${folder}${domain && '; Domain=' + domain}${security}\n`;
      }
    }
  }
  return writes;
}

function paths(path: string): string[] {
  const [page = ''] = path.split(/[;\0-\x08\x0a-\x1f\x7f]/);
  const paths = ['/'];
  if (page[0] !== '/') return paths;
  for (let at = 1; at < page.length && paths.length < 16; at++) {
    if (page[at] === '/') paths.push(page.slice(0, at), page.slice(0, at + 1));
  }
  if (!page.endsWith('/')) paths.push(page);
  return paths;
}

function domains(host: string): string[] {
  if (host[0] === '[' || /(^|\.)\d*$/.test(host)) return [''];
  const labels = host.split('.');
  const parents = labels.map((_, at) => labels.slice(at).join('.')).slice(1, -1);
  return ['', host, ...parents.reverse().slice(0, 4)];
}

function selects(selection: string, name: string, value: string): boolean {
  const [wipe, ...keep] = selection.split('\0').map((selector) => isSelected(selector, name, value));
  return !!wipe && !keep.includes(true) && !name.startsWith('quash:');
}

function isSelected(selector: string, name: string, value: string): boolean {
  const rest = selector.slice(1);
  if (selector[0] === '=') return name === rest;
  if (selector[0] === '^') return name.startsWith(rest);
  return selector === '~' && containsToken(value, true);
}

function containsToken(text: string, lookWithin: boolean): boolean {
  return text.split(/[^\w.-]/).some((run) =>
    run.split('.').some((segment, at, segments) => {
      const start = segment.search(/eyJ|WyJ/);
      const inner = start < 0 ? '' : decode(segment.slice(start));
      const isFollowed = segments[at + 1] && at + 2 < segments.length;
      return (isFollowed && (isHeader(inner) || isHeader(decode(segment)))) || (lookWithin && containsToken(inner, false));
    }),
  );
}

function isHeader(json: string): boolean {
  return json.trimStart()[0] === '{' && json.includes('"alg"');
}

function decode(segment: string): string {
  try {
    return atob(segment.slice(0, segment.length - (segment.length % 4 === 1 ? 1 : 0)).replaceAll('-', '+').replaceAll('_', '/'));
  } catch {
    return '';
  }
}
