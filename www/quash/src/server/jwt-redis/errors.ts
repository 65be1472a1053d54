/** A token whose label is gone: it was destroyed, or nobody knows it. As in jwt-redis, it is no `JsonWebTokenError`. */
export class TokenDestroyedError extends Error {
  override name = 'TokenDestroyedError';
}

/** A token that can have no label, since it has no `jti`. As in jwt-redis, it is no `JsonWebTokenError`. */
export class TokenInvalidError extends Error {
  override name = 'TokenInvalidError';
}
