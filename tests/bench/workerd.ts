/**
 * workerd by itself: one process that runs one Worker, with neither wrangler nor miniflare's own Workers before it, whose time
 * would be counted as its.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

import type { Module } from './modules.ts';

/** The one of the pinned wrangler. */
const { default: WORKERD }: { default: string } = createRequire(import.meta.url)('workerd');

export const COMPATIBILITY_DATE = '2026-11-01';
const STOP_TIMEOUT_MS = 5_000;

export interface Service {
  /** The first one is its main module. */
  readonly modules: readonly Module[];
  /** In the words of workerd's configuration, by name: `kvNamespace = "kv"`. */
  readonly bindings?: Readonly<Record<string, string>>;
  /** Values that the Worker is bound to. */
  readonly json?: Readonly<Record<string, unknown>>;
  /** Classes of Durable Objects with SQLite. */
  readonly objects?: readonly string[];
}

export interface Workerd {
  /** Of the process that runs the Worker, and nothing else. */
  readonly pid: number;
  readonly port: number;
  readonly url: string;
  stop(): Promise<void>;
  /** Ends it without warning. */
  kill(): Promise<void>;
}

/**
 * Starts Workers by their names, of which `main` answers.
 *
 * @param disk A folder for what Durable Objects store; if none is given, it goes with the process.
 * @throws Error when workerd ends before it listens; it has said why on standard error.
 */
export async function startWorkerd(services: Readonly<Record<string, Service>>, disk?: string): Promise<Workerd> {
  const folder = await mkdtemp(join(tmpdir(), 'quash-workerd-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const config = join(folder, 'config.capnp');
    await writeFile(config, await configuration(services, folder, disk));
    const child = spawn(WORKERD, ['serve', config, '--experimental', '--control-fd=3'], {
      stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    });
    const closed = once(child, 'close');
    await once(child, 'spawn');
    const port = await Promise.race([listening(child.stdio[3] as Readable), closed.then(() => undefined)]);
    if (port === undefined) throw new Error('workerd ended by itself');
    return {
      pid: child.pid!,
      port,
      url: `http://127.0.0.1:${port}`,
      stop: async () => {
        child.kill('SIGTERM');
        await Promise.race([closed, delay(STOP_TIMEOUT_MS, undefined, { ref: false })]);
        child.kill('SIGKILL');
        await remove();
      },
      kill: async () => {
        child.kill('SIGKILL');
        await closed;
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** workerd tells a descriptor which port it took. */
async function listening(control: Readable): Promise<number | undefined> {
  for await (const line of createInterface({ input: control })) {
    const { event, port } = JSON.parse(line) as { event: string; port?: number };
    if (event === 'listen') return port;
  }
  return undefined;
}

/** Whatever is embedded becomes a file of the folder, named by its number. */
async function configuration(
  services: Readonly<Record<string, Service>>,
  folder: string,
  disk = join(folder, 'disk'),
): Promise<string> {
  let files = 0;
  const embed = async (contents: Uint8Array | string): Promise<string> => {
    const name = `embedded-${files++}`;
    await writeFile(join(folder, name), contents);
    return `embed "${name}"`;
  };
  const texts: string[] = [];
  for (const [name, { modules, bindings = {}, json = {}, objects = [] }] of Object.entries(services)) {
    const parts: string[] = [];
    for (const { name, kind, contents } of modules) parts.push(`(name = "${name}", ${kind} = ${await embed(contents)})`);
    const bound = Object.entries(bindings).map(([name, binding]) => `(name = "${name}", ${binding})`);
    for (const [name, value] of Object.entries(json)) {
      bound.push(`(name = "${name}", json = ${await embed(JSON.stringify(value))})`);
    }
    const classes = objects.map((name) => `(className = "${name}", uniqueKey = "${name}", enableSql = true)`);
    const storage = objects.length === 0 ? '' : `, durableObjectNamespaces = [${classes}], durableObjectStorage = (localDisk = "disk")`;
    const worker = `modules = [${parts}], bindings = [${bound}], compatibilityDate = "${COMPATIBILITY_DATE}"${storage}`;
    texts.push(`(name = "${name}", worker = (${worker}))`);
  }
  await mkdir(disk, { recursive: true });
  texts.push(`(name = "disk", disk = (path = "${disk}", writable = true))`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [${texts}],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`;
}
