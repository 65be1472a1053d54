// An HTTP peer for the browser tests: serves the built package and a page, and answers `/auth/logout` as each test tells it,
// faults included. It is no edge: what the real Worker answers is tested in `tests/`.
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

const TYPES: Record<string, string> = { js: 'text/javascript', wasm: 'application/wasm' };

export interface Received {
  readonly method: string | undefined;
  readonly contentType: string | undefined;
  readonly cookie: string | undefined;
  readonly body: string;
}

export interface Fault {
  /** The answer to `/auth/logout`; `cut` ends the connection, `hang` never answers. */
  readonly answer?: { status: number; body: unknown } | 'cut' | 'hang';
  /** The answer to `/api`. */
  readonly api?: { status: number; body: unknown };
  readonly csp?: string;
  /** `Clear-Site-Data` of the answer to `/auth/logout`, as the edge sends it. */
  readonly clear?: string;
  /** For how long the handles are good that are minted, in milliseconds. */
  readonly handleLife?: number;
  /** What cannot be fetched: WebAssembly, or all that is fetched late. */
  readonly without?: 'wasm' | 'rest' | undefined;
}

export type Peer = Awaited<ReturnType<typeof startPeer>>;

export async function startPeer() {
  let fault: Fault = {};
  const received: Received[] = [];
  const fetched: string[] = [];
  let minted = 0;

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://peer');
    // A sandboxed frame has the origin `null`, and is another origin to everything.
    response.setHeader('Access-Control-Allow-Origin', request.headers.origin ?? '*');
    response.setHeader('Access-Control-Allow-Credentials', 'true');
    response.setHeader('Cache-Control', 'no-store');

    if (pathname === '/auth/logout') {
      const { method, headers } = request;
      const { cookie, 'content-type': contentType } = headers;
      received.push({ method, contentType, cookie, body: await text(request) });
      if (fault.clear) response.setHeader('Clear-Site-Data', fault.clear);
      if (fault.answer === 'cut') request.socket.destroy();
      else if (fault.answer !== 'hang') answer(response, fault.answer ?? REVOKED);
    } else if (pathname === '/auth/handle') {
      answer(response, { status: 200, body: { handle: `handle-${++minted}`, expires_at: Date.now() + (fault.handleLife ?? 900_000) } });
    } else if (/^\/api\b/.test(pathname)) {
      answer(response, fault.api ?? { status: 200, body: {} });
    } else if (pathname === '/worker.js') {
      response.setHeader('Content-Type', TYPES['js']!);
      response.end(WORKER);
    } else if (/^\/(dist|wasm)\//.test(pathname)) {
      fetched.push(pathname);
      const isMissing = { wasm: pathname.endsWith('.wasm'), rest: pathname.endsWith('full.js') };
      if (fault.without && isMissing[fault.without]) return void response.writeHead(404).end();
      const file = await readFile(new URL(`..${pathname}`, import.meta.url));
      response.setHeader('Content-Type', TYPES[pathname.split('.').at(-1) ?? ''] ?? 'text/plain');
      response.end(file);
    } else {
      response.setHeader('Content-Type', 'text/html');
      if (fault.csp) response.setHeader('Content-Security-Policy', fault.csp);
      response.end(pathname === '/frame' ? FRAME : PAGE);
    }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    // Chromium resolves every name under `localhost` to loopback and trusts it, and this one has a parent domain.
    origin: `http://app.quash.localhost:${port}`,
    received,
    fetched,
    minted: () => minted,
    reset(next: Fault = {}) {
      fault = next;
      received.length = 0;
      fetched.length = 0;
      minted = 0;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const REVOKED = {
  status: 200,
  body: { outcome: 'revoked', scope: 'token', mode: 'eventual', revoked_at: 1763900000123, tokens: [] },
};

function answer(response: ServerResponse, { status, body }: { status: number; body: unknown }): void {
  const isText = typeof body === 'string';
  response.writeHead(status, { 'Content-Type': isText ? 'text/html' : 'application/json' });
  response.end(isText ? body : JSON.stringify(body));
}

const IMPORT_MAP = JSON.stringify({
  imports: { quash: '/dist/index.js', 'quash/element': '/dist/element.js', 'quash/svelte': '/dist/svelte.js' },
});
const PAGE = `<!doctype html><title>Peer</title><script type="importmap">${IMPORT_MAP}</script><body>`;
const WORKER = `
  import { handleLogout } from '/dist/service-worker.js';
  handleLogout(() => caches.delete('of-the-worker'));
  addEventListener('install', () => skipWaiting());
  addEventListener('activate', (event) => event.waitUntil(clients.claim()));`;
const FRAME = '<!doctype html><title>Peer</title><iframe sandbox="allow-scripts" src="/framed"></iframe>';
