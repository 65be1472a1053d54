/**
 * Workers KV, as a Worker of the same process that holds nothing: what a KV binding asks, without network and disk. It is kind to
 * those who ask it; what a `KV.get` costs beyond the binding is not counted.
 */
export default {
  fetch: () => new Response(null, { status: 404 }),
};
