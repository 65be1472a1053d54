/** The demo's secrets: made once, kept beside the KV namespace, so that logins and revocations survive a restart. */
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Secret bindings: the key that signs logins, and the pepper of the denylist's keyed hashes. */
const NAMES = ['DEMO_SIGNING_KEY', 'QUASH_PEPPER'] as const;

export interface Secrets {
  readonly values: Readonly<Record<(typeof NAMES)[number], string>>;
  /** The same, as an env file. */
  readonly file: string;
}

/** Reads the secrets kept in `folder`, or makes them: 256 random bits each, readable by this user only. */
export async function loadSecrets(folder: string): Promise<Secrets> {
  const file = join(folder, 'demo.env');
  try {
    return { values: parse(await readFile(file, 'utf8'), file), file };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const text = NAMES.map((name) => `${name}=${randomBytes(32).toString('hex')}\n`).join('');
  await writeFile(file, text, { mode: 0o600, flag: 'wx' });
  return { values: parse(text, file), file };
}

function parse(text: string, file: string): Secrets['values'] {
  const pairs = Object.fromEntries(text.split('\n').map((line) => line.split('=', 2)));
  const missing = NAMES.find((name) => !pairs[name]);
  if (missing) throw new Error(`${file} lacks ${missing}: delete the file, and the demo makes a new one`);
  return pairs as Secrets['values'];
}
