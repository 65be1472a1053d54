declare module 'cloudflare:workers' {
  /** Goes on with the work after the answer. */
  export function waitUntil(work: Promise<unknown>): void;
}
