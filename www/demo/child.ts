/** A child process with children of its own: they start as one group, are heard as one and end as one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

/** After this long it does not end by itself any more. */
const STOP_TIMEOUT_MS = 5_000;
/** Enough for a stack trace, little enough to print. */
const OUTPUT_KEPT_CHARS = 8_000;

export interface Child {
  /** Leads the process group. */
  readonly pid: number;
  /** Resolves when all of them have ended. */
  readonly closed: Promise<void>;
  /** The last things they printed. */
  output(): string;
  /** Resolves with the first message for which `read` returns something. */
  message<T>(read: (message: unknown) => T | undefined): Promise<T>;
  /** Asks all of them to end; makes them, when they take too long. */
  stop(): Promise<void>;
}

/**
 * Starts `file` (a script for this same Node) as the leader of a group.
 *
 * @throws Error when the process cannot be created.
 */
export async function startNode(
  file: string,
  options: { readonly args: readonly string[]; readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<Child> {
  const child = spawn(process.execPath, [file, ...options.args], {
    cwd: options.cwd,
    env: options.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const closed = once(child, 'close').then(() => {});
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      printed = (printed + text).slice(-OUTPUT_KEPT_CHARS);
    });
  }
  await once(child, 'spawn');
  const pid = child.pid as number;

  return {
    pid,
    closed,
    output: () => printed,
    message: (read) =>
      new Promise((done) => {
        child.on('message', (message) => {
          const value = read(message);
          if (value !== undefined) done(value);
        });
      }),
    stop: async () => {
      signalGroup(pid, 'SIGTERM');
      await Promise.race([closed, delay(STOP_TIMEOUT_MS, undefined, { ref: false })]);
      signalGroup(pid, 'SIGKILL'); // Also whatever outlived its parent.
      await closed;
    },
  };
}

function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // ESRCH: all have ended.
  }
}
