// Imports every subpath on the server, and tells what each exports. Where nothing of a browser is, nothing may be missed. Those for
// Workers import what only workerd has, and a document is no module.
import { readFile } from 'node:fs/promises';

const { exports } = JSON.parse(await readFile('node_modules/quash/package.json', 'utf8'));
const elsewhere = ['./openapi.json', './package.json', './edge', './hono', './worker'];
for (const path of Object.keys(exports).filter((path) => !elsewhere.includes(path))) {
  const names = Object.keys(await import(path.replace(/^\./, 'quash')));
  console.log(path, names.join(' '));
}
