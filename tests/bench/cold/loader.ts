/**
 * Has a process that is warm make a new isolate: `GET` loads the Worker anew and has it answer; `POST`, which comes before, makes
 * its code ready.
 */

/** What a Worker is loaded from. */
export interface Code {
  readonly main: string;
  readonly modules: Readonly<Record<string, { js: string } | { wasm: string }>>;
  /** What its `env` holds, besides the bindings of these names. */
  readonly json: Readonly<Record<string, unknown>>;
  readonly bindings: readonly string[];
}

interface Bindings {
  readonly CODE: Code;
  readonly DATE: string;
  readonly LOADER: { get(name: null, code: () => object): { getEntrypoint(): { fetch(request: Request): Promise<Response> } } };
  readonly [name: string]: unknown;
}

let ready: object | undefined;

export default {
  async fetch(request: Request, env: Bindings): Promise<Response> {
    if (request.method === 'POST') {
      ready = code(env);
      return new Response(null, { status: 204 });
    }
    const loaded = ready;
    ready = undefined;
    if (!loaded) throw new Error('nothing is ready');
    // Without a name it is not kept.
    return env.LOADER.get(null, () => loaded).getEntrypoint().fetch(request);
  },
};

function code({ CODE: { main, modules, json, bindings }, DATE, ...env }: Bindings): object {
  const loaded = Object.entries(modules).map(([name, module]) => [name, 'wasm' in module ? { wasm: bytes(module.wasm) } : module]);
  const bound = bindings.map((name) => [name, env[name]]);
  return {
    compatibilityDate: DATE,
    mainModule: main,
    modules: Object.fromEntries(loaded),
    env: { ...json, ...Object.fromEntries(bound) },
  };
}

/** As new to V8 as the isolate: it shares what it compiled only with isolates that still live. */
function bytes(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}
