// Imports every subpath on the server, and tells what each exports. Where nothing of a browser is, nothing may be missed.
import { readFile } from 'node:fs/promises';

const { exports } = JSON.parse(await readFile('node_modules/quash/package.json', 'utf8'));
for (const path of Object.keys(exports).filter((path) => !path.endsWith('.json'))) {
  const names = Object.keys(await import(path.replace(/^\./, 'quash')));
  console.log(path, names.join(' '));
}
