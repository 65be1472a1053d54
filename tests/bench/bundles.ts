/** What browsers download of Quash and of others, bundled by the same bundler in the same way. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import { build } from 'esbuild';

import { type Size, compressed, sum } from './compressed.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const WASM = resolve(ROOT, 'www/quash/wasm/quash_bg.wasm');

const BY_HAND = resolve(import.meta.dirname, 'by-hand.ts');

/** The module as JavaScript: fetched in place of the WebAssembly, never with it. */
const TRANSLATED = 'quash_js';

/**
 * - `browser/before-click`: what importing `logout` adds to a page's own bundle;
 * - `browser/total`: with what that fetches later, WebAssembly and glue included;
 * - `browser/all`: every function of the package, and the element;
 * - `peer/by-hand`: the same logout with its decisions written in JavaScript instead;
 * - `peer/NAME`: others' log-out, as it is imported by their own documentation.
 */
export async function browserSizes(): Promise<Record<string, Size>> {
  const logout = `export { logout } from 'quash'`;
  const all = `export * from 'quash'; export * from 'quash/element'`;
  const wasm = compressed(await readFile(WASM));
  return {
    'browser/before-click': await bundle(logout, { later: /\/full\.js$/ }),
    'browser/total': sum([await bundle(logout), wasm]),
    'browser/all': sum([await bundle(all), wasm]),
    'peer/by-hand': await bundle(logout, { byHand: true }),
    'peer/keycloak-js': await bundle(`export { default } from 'keycloak-js'`),
    'peer/auth0-spa-js': await bundle(`export { Auth0Client } from '@auth0/auth0-spa-js'`),
    'peer/oidc-client-ts': await bundle(`export { UserManager } from 'oidc-client-ts'`),
  };
}

interface Choices {
  /** Modules that are left out, since they are fetched later. */
  readonly later?: RegExp;
  /** Take the decisions from `by-hand.ts`. */
  readonly byHand?: boolean;
}

async function bundle(code: string, { later, byHand }: Choices = {}): Promise<Size> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: resolve(ROOT, 'tests') },
    bundle: true,
    format: 'esm',
    minify: true,
    splitting: true,
    target: 'es2022',
    outdir: ROOT,
    write: false,
    plugins: [
      {
        name: 'choices',
        setup({ onResolve }) {
          if (later) onResolve({ filter: later }, ({ path }) => ({ path, external: true }));
          if (byHand) onResolve({ filter: /\/wasm\.js$/ }, () => ({ path: BY_HAND }));
        },
      },
    ],
  });
  return sum(outputFiles.filter(({ path }) => !path.includes(TRANSLATED)).map(({ contents }) => compressed(contents)));
}
