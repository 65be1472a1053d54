/** In front of a Worker whose clients' TLS somebody else ends: it listens over http, and to the Worker all URLs are https. */
export default {
  fetch: (request, env) => env.quash.fetch(new Request(request.url.replace(/^http:/, 'https:'), request)),
};
