import { brotliCompressSync, gzipSync } from 'node:zlib';

/** In bytes. */
export interface Size {
  readonly raw: number;
  readonly gzip: number;
  readonly brotli: number;
}

/** A file, compressed by itself as a server does it, as well as it goes. */
export function compressed(file: Uint8Array): Size {
  return { raw: file.length, gzip: gzipSync(file, { level: 9 }).length, brotli: brotliCompressSync(file).length };
}

export function sum(sizes: readonly Size[]): Size {
  const total = (metric: keyof Size) => sizes.reduce((sum, size) => sum + size[metric], 0);
  return { raw: total('raw'), gzip: total('gzip'), brotli: total('brotli') };
}
