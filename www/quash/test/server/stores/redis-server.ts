/** Real Redis servers for tests: of one test each, in a folder of their own, and ended by their process id. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

/** Ports are free when they are looked for, and may be somebody's by the time they are taken. */
const TRIES = 5;
const POLL_MS = 20;

const run = promisify(execFile);

/** None outlives the tests, however they end. */
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

export interface RedisServer extends AsyncDisposable {
  /** Path of its Unix socket. */
  readonly socket: string;
  /** Ends it without warning, as a crash does. */
  kill(): Promise<void>;
  /** Starts it again, over what its folder has. */
  restart(): Promise<void>;
  /** Has it do nothing, so that it neither answers nor refuses; and go on. */
  freeze(): void;
  thaw(): void;
  /** What redis-cli prints. */
  cli(...command: string[]): Promise<string>;
}

/** Starts a server that saves nothing, unless `args` say so. It has no port, unless `args` give it one. */
export async function startRedis(...args: string[]): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'quash-redis-'));
  const socket = join(folder, 'socket');
  const all = ['--port', '0', '--save', '', '--unixsocket', socket, '--dir', folder, ...args];
  let child = await start(all);
  const kill = async (signal: NodeJS.Signals = 'SIGKILL') => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  };
  return {
    socket,
    kill,
    restart: async () => {
      child = await start(all);
    },
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    cli: async (...command) => (await run('redis-cli', ['-s', socket, ...command])).stdout.trim(),
    [Symbol.asyncDispose]: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export interface RedisCluster extends AsyncDisposable {
  /** Of its three masters, on loopback. */
  readonly ports: readonly number[];
}

export async function startCluster(): Promise<RedisCluster> {
  for (let tries = 1; ; tries++) {
    const ports = await freePorts(6);
    const masters = ports.slice(0, 3);
    const options = (port: number, at: number) => ['--port', `${port}`, '--cluster-port', `${ports[at + 3]}`, '--cluster-enabled', 'yes'];
    const started = await Promise.allSettled(masters.map((port, at) => startRedis(...options(port, at))));
    const servers = started.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
    const stop = () => Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
    try {
      for (const result of started) if (result.status === 'rejected') throw result.reason;
      await run('redis-cli', ['--cluster', 'create', ...masters.map((port) => `127.0.0.1:${port}`), '--cluster-yes']);
      for (const server of servers) await until(async () => (await server.cli('cluster', 'info')).includes('cluster_state:ok'));
      return { ports: masters, [Symbol.asyncDispose]: async () => void (await stop()) };
    } catch (error) {
      await stop();
      if (tries === TRIES) throw error;
    }
  }
}

/** A master that a replica can be made of, with its port. */
export async function startMaster(): Promise<RedisServer & { readonly port: number }> {
  for (let tries = 1; ; tries++) {
    const [port = 0] = await freePorts(1);
    try {
      return Object.assign(await startRedis('--port', `${port}`, '--repl-diskless-sync-delay', '0'), { port });
    } catch (error) {
      if (tries === TRIES) throw error;
    }
  }
}

/** Waits for as long as it takes: the test's own time limit is the only one. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await delay(POLL_MS);
}

/** Resolves when it takes connections; rejects with what it printed when it ends before. */
async function start(args: readonly string[]): Promise<ChildProcess> {
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  child.once('exit', () => running.delete(child));
  let printed = '';
  await new Promise<void>((resolve, reject) => {
    const listen = (chunk: Buffer) => {
      printed += chunk;
      if (/ready to accept connections/i.test(printed)) resolve();
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`redis-server ended:\n${printed}`)));
  });
  return child;
}

async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
