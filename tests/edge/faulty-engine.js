/**
 * The Worker as it is deployed, with an engine that panics when a request's URL says so: it is asked for more memory than there is,
 * which leaves it in no state to go on.
 *
 * Imported first, so that the Worker starts this engine.
 */
const { Instance } = WebAssembly;
const TOO_MUCH = 0xffff_ffff;

WebAssembly.Instance = class extends Instance {
  constructor(module, imports) {
    super(module, imports);
    const { exports } = this;
    if ('looked_up' in exports) Object.defineProperty(this, 'exports', { value: faulty(exports) });
  }
};

function faulty(exports) {
  const begin = (url, ...rest) => {
    // The host has just written it there.
    const text = new TextDecoder().decode(new Uint8Array(exports.memory.buffer, exports.input(0), url));
    if (text.includes('trap')) exports.input(TOO_MUCH);
    return exports.begin(url, ...rest);
  };
  return { ...exports, begin };
}
