/** A Worker as it is deployed: bundled into one module, and the WebAssembly that it imports. */
import { basename } from 'node:path';

import { build } from 'esbuild';

export interface Module {
  readonly name: string;
  readonly kind: 'esModule' | 'wasm';
  readonly contents: Uint8Array;
}

/** @param file Relative to this folder. */
export async function modulesOf(file: string): Promise<Module[]> {
  const { outputFiles } = await build({
    absWorkingDir: import.meta.dirname,
    entryPoints: [file],
    outdir: import.meta.dirname,
    bundle: true,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*'],
    loader: { '.wasm': 'copy' },
    write: false,
    logLevel: 'error',
  });
  const modules = outputFiles.map(({ path, contents }): Module => {
    const kind = path.endsWith('.wasm') ? 'wasm' : 'esModule';
    return { name: basename(path), kind, contents };
  });
  // The main module comes first.
  return modules.sort((a, b) => a.kind.localeCompare(b.kind));
}
