/** Debian's nginx in front of a small upstream, with `auth_request` to the edge: as docs/forward-auth.md has it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type IncomingHttpHeaders, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { ROOT } from '../../www/demo/wrangler.ts';

export interface Nginx {
  readonly url: string;
  /** The headers of what reached the upstream, the last first. */
  readonly reached: IncomingHttpHeaders[];
  stop(): Promise<void>;
}

/** The program; `/usr/sbin` is on no user's path. */
const PROGRAM = process.env['NGINX_BIN'] ?? '/usr/sbin/nginx';

export async function startNginx(edge: string): Promise<Nginx> {
  const folder = await mkdtemp(join(tmpdir(), 'quash-nginx-'));
  const reached: IncomingHttpHeaders[] = [];
  const upstream = createServer((request, response) => {
    reached.unshift(request.headers);
    response.end(`upstream ${request.url}`);
  });
  const port = await listening(upstream);
  const own = await freePort();
  const snippet = /```nginx\n([^]*?)```/.exec(await readFile(resolve(ROOT, 'docs/forward-auth.md'), 'utf8'))?.[1];
  if (snippet === undefined) throw new Error('docs/forward-auth.md has no configuration of nginx');
  const locations = snippet.replace('http://app.internal', `http://127.0.0.1:${port}`).replace('https://edge.example', edge);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`);
  await writeFile(
    join(folder, 'nginx.conf'),
    `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
     events {}
     http { access_log off; ${temporary.join(' ')} server { listen 127.0.0.1:${own}; ${locations} } }`,
  );
  const nginx = spawn(PROGRAM, ['-p', folder, '-e', join(folder, 'error.log'), '-c', join(folder, 'nginx.conf')], { stdio: ['ignore', 'inherit', 'inherit'] });
  await once(nginx, 'spawn');
  const closed = once(nginx, 'close');
  const url = `http://127.0.0.1:${own}`;
  await answers(url, nginx);
  return {
    url,
    reached,
    stop: async () => {
      nginx.kill('SIGQUIT');
      await closed;
      upstream.closeAllConnections();
      upstream.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function listening(server: ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  await new Promise((closed) => server.close(closed));
  return port;
}

async function answers(url: string, nginx: { readonly exitCode: number | null }): Promise<void> {
  for (;;) {
    if (nginx.exitCode !== null) throw new Error(`nginx ended with ${nginx.exitCode}`);
    const answer = await fetch(url).catch(() => undefined);
    if (answer) return;
    await new Promise((again) => setTimeout(again, 20));
  }
}
