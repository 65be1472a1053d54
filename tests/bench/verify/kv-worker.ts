/**
 * Workers KV, as a Worker of the same process that holds nothing, and forgets what it is given: what a KV binding asks, without network
 * and disk. It is kind to those who ask it; what a `KV.get` costs beyond the binding is not counted.
 */
export default {
  fetch({ method }: Request): Response {
    if (method === 'PUT') return new Response();
    // Many at once, of which none is there.
    return method === 'POST' ? new Response('{}') : new Response(null, { status: 404 });
  },
};
