/**
 * The demo: `node www/demo/demo.ts [--once] [--port N]`.
 *
 * Starts it, tells the story and runs on until Ctrl-C; with `--once` it tells the story, leaves nothing behind and exits
 * with 1 when a scene differs.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, styleText } from 'node:util';

import { serve } from './serve.ts';
import { play } from './transcript.ts';
import type { Scene } from './transcript.ts';

const DEFAULT_PORT = 8787;

const ending = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => ending.abort());

try {
  const { once, port } = options();
  if (once) await runOnce(port ?? 0);
  else await runOn(port ?? DEFAULT_PORT);
} catch (error) {
  if (!ending.signal.aborted) {
    console.error(styleText('red', error instanceof Error ? error.message : String(error)));
    process.exitCode = 1;
  }
}

function options(): { once: boolean; port: number | undefined } {
  const { values } = parseArgs({
    options: { once: { type: 'boolean', default: false }, port: { type: 'string' } },
  });
  const port = values.port === undefined ? undefined : Number(values.port);
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port < 65536)) {
    throw new Error(`--port: ${values.port} is not a port`);
  }
  return { once: values.once, port };
}

async function runOn(port: number): Promise<void> {
  const server = await serve({ port, signal: ending.signal });
  console.log(`\n  ${styleText('bold', 'Quash demo')}  ${styleText(['cyan', 'underline'], server.url)}\n`);
  await tell(server.url);
  console.log(styleText('dim', '  Open the address and be the user, then the thief. Ctrl-C stops it.\n'));
  await server.closed;
}

async function runOnce(port: number): Promise<void> {
  const persist = await mkdtemp(join(tmpdir(), 'quash-demo-'));
  try {
    const server = await serve({ port, persist, signal: ending.signal });
    console.log();
    try {
      await tell(server.url);
    } finally {
      await server.stop();
    }
  } finally {
    await rm(persist, { recursive: true, force: true });
  }
}

/** @throws Error at the first scene that differs. */
async function tell(url: string): Promise<void> {
  for await (const scene of play(url)) {
    console.log(line(scene));
    if (scene.came !== scene.expected) {
      throw new Error(`\n  "${scene.title}" differs: expected ${scene.expected}, came ${scene.came}\n`);
    }
  }
  console.log();
}

function line({ title, request, came, expected, remark }: Scene): string {
  const [mark, colour] = came === expected ? ['✓', 'green'] as const : ['✗', 'red'] as const;
  const columns = [
    styleText(colour, mark),
    title.padEnd(30),
    styleText('dim', request.padEnd(18)),
    styleText(colour, came.padEnd(18)),
    styleText('dim', remark),
  ];
  return `  ${columns.join('  ')}`;
}
