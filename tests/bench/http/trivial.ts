/** What everybody pays. */
export default {
  fetch: () => new Response('ok'),
};
