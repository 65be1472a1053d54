/** In front of two isolates of the same Worker: a path that begins with `/~other` is for the second. */
export default {
  fetch(request, env) {
    const url = request.url.replace(/^(https?:\/\/[^/]+)\/~other/, '$1');
    return url === request.url ? env.quash.fetch(request) : env.other.fetch(new Request(url, request));
  },
};
