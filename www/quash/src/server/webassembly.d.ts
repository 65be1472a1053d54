/** What is used of the WebAssembly JavaScript interface, which TypeScript has with the whole of the DOM only. */
declare namespace WebAssembly {
  interface Memory {
    readonly buffer: ArrayBuffer;
  }

  class Module {
    constructor(bytes: Uint8Array);
  }

  class Instance {
    constructor(module: Module);
    readonly exports: object;
  }

  class RuntimeError extends Error {}
}
