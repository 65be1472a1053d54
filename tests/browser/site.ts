/** A site on loopback that has one of everything that the engines differ in. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Site {
  readonly origin: string;
  /** The same server, and another site to a browser. */
  readonly otherOrigin: string;
  stop(): Promise<void>;
}

export async function startSite(): Promise<Site> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://site');
    const page = (body: string) => {
      response.setHeader('Content-Type', 'text/html');
      response.end(`<!doctype html><title>${pathname}</title>${body}`);
    };
    const script = (body: string) => {
      response.setHeader('Content-Type', 'text/javascript');
      response.end(body);
    };
    if (pathname === '/cut') return request.socket.destroy();
    if (pathname === '/answer.js') return script('export const answer = 42;');
    if (pathname === '/sw.js') return script('addEventListener("install", () => skipWaiting());');
    if (pathname === '/cookie-header') return page(request.headers.cookie ?? '');
    if (pathname === '/frames') return page(frames(otherOrigin));
    if (pathname === '/cookies') response.setHeader('Set-Cookie', COOKIES);
    if (pathname === '/strict') response.setHeader('Content-Security-Policy', "default-src 'none'; script-src 'self'");
    page(PAGE);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const otherOrigin = `http://other.localhost:${port}`;
  return {
    // Every engine takes a name under `localhost` for loopback by itself, and this one has a parent domain.
    origin: `http://app.quash.localhost:${port}`,
    otherOrigin,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

const COOKIES = [
  'hidden=1; HttpOnly',
  'shared=2; Domain=quash.localhost; Path=/',
  'deep=3; HttpOnly; Path=/auth',
  'secure=4; Secure',
  '__Host-part=5; Secure; HttpOnly; Path=/; SameSite=None; Partitioned',
];

const PAGE = `
  <script type="importmap">{"imports":{"answer":"/answer.js"}}</script>
  <script>
    shows = [];
    addEventListener('pageshow', ({ persisted }) => shows.push(persisted));
  </script>
  <body><button id="button" onclick="this.textContent = 'pressed'">Press</button> <a id="next" href="/next">Next</a>`;

function frames(other: string): string {
  return `
    <iframe sandbox="allow-scripts" src="/sandboxed"></iframe>
    <iframe src="${other}/foreign"></iframe>
    <iframe srcdoc="<iframe src=/nested></iframe>"></iframe>`;
}
