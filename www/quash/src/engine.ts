import type { LogoutOptions } from './options.js';
import type { LogoutReport } from './report.js';

/** A logout as the engines are asked for it. */
export interface LogoutRequest extends Omit<LogoutOptions, 'token'> {
  readonly token: string | undefined;
  readonly epoch: string;
}

/** What an engine reports. */
export type EngineReport = Omit<LogoutReport, 'engine' | 'durationMs'>;

/** `crates/browser`, compiled. */
export interface Engine {
  logout(window: Window, request: LogoutRequest): Promise<EngineReport>;
}

/** Longer than this for 10 KB, and the user is better served by the fallback. */
const LOAD_TIMEOUT_MS = 2000;

let engine: Promise<Engine> | undefined;

/** The WebAssembly module, fetched at the first call. Rejects where it cannot be had; the next call tries again. */
export function loadEngine(): Promise<Engine> {
  engine ??= new Promise<Engine>((resolve, reject) => {
    setTimeout(reject, LOAD_TIMEOUT_MS);
    load().then(resolve, reject);
  }).catch((error: unknown) => {
    engine = undefined;
    throw error;
  });
  return engine;
}

async function load(): Promise<Engine> {
  const module = await import('../wasm/quash.js');
  await module.default();
  return module;
}
