/** A program that serves a test and ends with it, whatever end that is. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

/** After this long it does not end by itself any more. */
const STOP_TIMEOUT_MS = 3_000;
const LAST_WORDS_MS = 200;
/** Enough for a stack trace, little enough to print. */
const OUTPUT_KEPT_CHARS = 4_000;

export interface Program {
  /** Rejects, with what was printed, as soon as the program has ended. */
  readonly ended: Promise<never>;
  /** The first line that the program writes to file descriptor 3. */
  readonly line: Promise<string>;
  /** Ends it and whatever it has started. */
  stop(): Promise<void>;
}

/**
 * Starts it as the leader of a group. setpriv (Debian's util-linux) has the kernel end it with this process: a test runner
 * that is killed ends nobody itself.
 */
export function startProgram(file: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Program {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', file, ...args], {
    detached: true,
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      printed = (printed + text).slice(-OUTPUT_KEPT_CHARS);
    });
  }
  const closed = once(child, 'close').catch(() => {}); // By `exit` all is said.
  const ended = once(child, 'exit').then(async ([code, signal]) => {
    // The last words come after the end. What it has started may hold the streams for longer, and has no say here.
    await Promise.race([closed, delay(LAST_WORDS_MS, undefined, { ref: false })]);
    throw new Error(`${file} ended (${signal ?? code}): ${printed.trim()}`);
  });
  ended.catch(() => {}); // Not everybody watches it.

  return {
    ended,
    line: firstLine(child.stdio[3] as Readable),
    stop: async () => {
      signalGroup(child.pid, 'SIGTERM');
      const gone = ended.catch(() => {});
      await Promise.race([gone, delay(STOP_TIMEOUT_MS, undefined, { ref: false })]);
      signalGroup(child.pid, 'SIGKILL'); // Also whatever outlived its parent.
      await gone;
    },
  };
}

async function firstLine(stream: Readable): Promise<string> {
  let text = '';
  for await (const part of stream.setEncoding('utf8')) {
    text += part;
    if (text.includes('\n')) break;
  }
  return text.trim();
}

function signalGroup(leader: number | undefined, signal: NodeJS.Signals): void {
  if (leader === undefined) return; // It never started.
  try {
    process.kill(-leader, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // ESRCH: all have ended.
  }
}
