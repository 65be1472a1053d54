/** Where the scenarios of a logout play: the real Worker in front of a page with the built package, on a network that can be cut. */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { ROOT } from '../../www/demo/wrangler.ts';
import { type Edge, start } from '../edge/server.ts';
import { type Proxy, startProxy } from './proxy.ts';

export interface Stand {
  readonly origin: string;
  readonly edge: Edge;
  readonly network: Proxy;
  /** What a second client with nothing but the token gets of the API. */
  replay(token: string): Promise<string>;
  stop(): Promise<void>;
}

export async function startStand(): Promise<Stand> {
  const site = await mkdtemp(join(tmpdir(), 'quash-stand-'));
  for (const folder of ['dist', 'wasm']) {
    await cp(resolve(ROOT, 'www/quash', folder), join(site, folder), { recursive: true });
  }
  await Promise.all(Object.entries(FILES).map(([name, text]) => writeFile(join(site, name), text)));
  const edge = await start({
    site,
    quash: {
      public: ['/', '/kv', '/page', '/strict', '/elsewhere', '/frames', '/login', '/worker.js', '/dist/*', '/wasm/*'],
      // Scripts have to wipe by themselves here, or nothing would show whether they do.
      logout: { cookies: [{ name: 'session' }], clear_site_data: [] },
    },
  });
  const network = await startProxy(Number(new URL(edge.url).port));
  return {
    origin: `http://app.quash.localhost:${network.port}`,
    edge,
    network,
    replay: async (token) => {
      const answer = await fetch(`${edge.url}/api`, { headers: { authorization: `Bearer ${token}` } });
      return answer.status === 401 ? ((await answer.json()) as { code: string }).code : 'let in';
    },
    stop: async () => {
      await network.stop();
      await edge.stop();
      await rm(site, { recursive: true, force: true });
    },
  };
}

const PAGE = `<!doctype html><title>Page</title>
<script type="importmap">{"imports":{"quash":"/dist/index.js","quash/element":"/dist/element.js"}}</script>
<body>Private`;

const FILES = {
  'index.html': PAGE,
  'page.html': PAGE,
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
