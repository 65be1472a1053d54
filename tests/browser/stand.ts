/** Where the scenarios of a logout play: the real Worker in front of a page with the built package, on a network that can fail. */
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

import { build } from 'esbuild';

import { ROOT } from '../../www/demo/wrangler.ts';
import { type Edge, start } from '../edge/server.ts';
import { selfSigned } from './certificate.ts';
import { type Proxy, startProxy } from './proxy.ts';
import { startTls } from './tls.ts';

export interface Stand {
  readonly origin: string;
  readonly edge: Edge;
  readonly network: Proxy;
  /** What a second client gets of the API that has nothing but the token, or the session's cookie. */
  replay(token: string): Promise<string>;
  stop(): Promise<void>;
}

const HOST = 'app.quash.localhost';

/** Deeper than the folders whose cookies are guessed. */
export const DEEP_PAGE = '/deep/2/3/4/5/6/7/8/9/10/page';

export interface StandOptions {
  /** Over https, the Worker is told so, and the origin gives a session that http could not have. */
  readonly scheme?: 'http' | 'https';
  /** `clear_site_data`. Without, scripts have to wipe by themselves, or nothing would show whether they do. */
  readonly clears?: readonly string[];
}

export async function startStand({ scheme = 'http', clears = [] }: StandOptions = {}): Promise<Stand> {
  const site = await mkdtemp(join(tmpdir(), 'quash-stand-'));
  for (const folder of ['dist', 'wasm']) {
    await cp(resolve(ROOT, 'www/quash', folder), join(site, folder), { recursive: true });
  }
  for (const [name, text] of Object.entries(FILES)) {
    await mkdir(join(site, dirname(name)), { recursive: true });
    await writeFile(join(site, name), text);
  }
  await build({
    stdin: { contents: COURIER, resolveDir: resolve(ROOT, 'tests') },
    bundle: true,
    outfile: join(site, 'courier.js'),
  });
  const edge = await start({
    site,
    behindTls: scheme === 'https',
    quash: {
      public: ['/', '/kv', '/page', '/deep/*', '/strict', '/elsewhere', '/frames', '/login', '/worker.js', '/courier.js', '/dist/*', '/wasm/*'],
      token: { cookies: SESSIONS },
      logout: { cookies: SESSIONS.map((name) => ({ name })), clear_site_data: clears },
    },
  });
  const port = Number(new URL(edge.url).port);
  const tls = scheme === 'https' ? await startTls(port, selfSigned(HOST)) : undefined;
  const network = await startProxy(tls?.port ?? port);
  return {
    origin: `${scheme}://${HOST}:${network.port}`,
    edge,
    network,
    replay: async (token) => {
      const copies = [{ authorization: `Bearer ${token}` }, ...SESSIONS.map((name) => ({ cookie: `${name}=${token}` }))];
      const answers = copies.map(async (headers) => {
        const answer = await fetch(`${edge.url}/api`, { headers });
        return answer.status === 401 ? ((await answer.json()) as { code: string }).code : 'let in';
      });
      return [...new Set(await Promise.all(answers))].join(', ');
    },
    stop: async () => {
      await network.stop();
      await tls?.stop();
      await edge.stop();
      await rm(site, { recursive: true, force: true });
    },
  };
}

/** The origin's session, over http and over https. */
const SESSIONS = ['session', '__Host-session'];

const PAGE = `<!doctype html><title>Page</title>
<script type="importmap">{"imports":{"quash":"/dist/index.js","quash/element":"/dist/element.js"}}</script>
<body>Private`;

/** The package's service worker, as its users bundle it. */
const COURIER = `
  import { handleLogout } from 'quash/service-worker';
  handleLogout();
  addEventListener('install', () => skipWaiting());
  addEventListener('activate', (event) => event.waitUntil(clients.claim()));`;

const FILES = {
  'index.html': PAGE,
  'page.html': PAGE,
  [`${DEEP_PAGE}.html`]: PAGE,
  'strict.html': PAGE.replace(/<script.*<\/script>\n/, ''),
  'elsewhere.html': '<!doctype html><title>Elsewhere</title>',
  'worker.js': `
    addEventListener('install', () => skipWaiting());
    addEventListener('activate', (event) => event.waitUntil(clients.claim()));
    addEventListener('message', async ({ data, ports }) => {
      if (data.type !== 'quash:logout') return;
      await caches.delete('of-the-worker');
      ports[0].postMessage('forgotten');
    });`,
  // Of another site, and of nobody.
  'frames.html': `<!doctype html><title>Frames</title><body><script>
    for (const sandbox of [false, true]) {
      const frame = document.createElement('iframe');
      frame.src = '//app.quash.localhost:' + location.port + (sandbox ? '/page?sandboxed' : '/page?foreign');
      if (sandbox) frame.sandbox = 'allow-scripts';
      document.body.append(frame);
    }
  </script>`,
  _headers: `
/strict
  Content-Security-Policy: default-src 'self'
/dist/*
  Access-Control-Allow-Origin: *
/wasm/*
  Access-Control-Allow-Origin: *
`,
};
