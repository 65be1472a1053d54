/** The package as npm delivers it, in a project of somebody who uses it. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const PACKAGE = resolve(import.meta.dirname, '../../www/quash');

/** Nothing of a tool's own is built: their binaries are packages. What npm has fetched once it need not ask for again. */
const INSTALL = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];

export interface Project {
  readonly folder: string;
  /** Runs one of its scripts in Node.js to the end, and gives back what it printed. Rejects with that when it fails. */
  run(script: string, ...args: string[]): Promise<string>;
  remove(): Promise<void>;
}

/** A fresh project outside of this workspace: the folders of that name here, one over the other, and the packed package. */
export async function install(...names: [string, ...string[]]): Promise<Project> {
  const parent = await mkdtemp(join(tmpdir(), 'quash-packaging-'));
  const folder = join(parent, names[0]);
  const remove = () => rm(parent, { recursive: true, force: true });
  try {
    for (const name of names) await cp(join(import.meta.dirname, name), folder, { recursive: true });
    await execute('npm', [...INSTALL, await pack(parent)], folder);
  } catch (error) {
    await remove();
    throw error;
  }
  return { folder, remove, run: (script, ...args) => execute(process.execPath, [script, ...args], folder) };
}

/** Packs it into a folder, and gives back the file. */
export async function pack(folder: string): Promise<string> {
  const printed = await execute('npm', ['pack', '--json', '--pack-destination', folder], PACKAGE);
  return join(folder, (JSON.parse(printed) as { filename: string }[])[0]!.filename);
}

async function execute(file: string, args: readonly string[], cwd: string): Promise<string> {
  try {
    return (await promisify(execFile)(file, args, { cwd })).stdout;
  } catch (error) {
    const { message, stdout } = error as Error & { stdout: string };
    // Compilers print what is wrong to the standard output, which is not in the message.
    throw new Error(`${message}\n${stdout}`);
  }
}
