/**
 * For Node.js 20, Deno and Bun: `sign`, `verify` and `decode` with what jsonwebtoken 9 has of options and errors
 * (docs/jsonwebtoken.md), on `node:crypto`; and `createJwt`, which has `destroy` besides (docs/server.md).
 *
 * Out of scope: fetching keys, which is the key callback's affair.
 */
export type { Algorithm } from './algorithms.js';
export { decode, type DecodeOptions } from './decode.js';
export { DenylistUnavailableError, TokenNotRevocableError, TokenRevokedError } from './denylist-errors.js';
export { JsonWebTokenError, NotBeforeError, TokenExpiredError } from './errors.js';
export type { Jwk, PrivateKey, PublicKey, Secret } from './key.js';
export { createJwt, type JwtService, type JwtVerifyOptions, type Receipt } from './jwt.js';
export type { JwtOptions, RefreshOptions, TimeSpan } from './jwt-options.js';
export { RefreshTokenReusedError, type Rotation } from './refresh.js';
export type { SignOptions } from './sign-options.js';
export { sign, type SignCallback } from './sign.js';
export type { Log, LogPart, Merge, Part, Row, Store } from './store.js';
export type { Target } from './target.js';
export type { Jwt, JwtHeader, JwtPayload } from './token.js';
export type { VerifyOptions } from './verify-options.js';
export { verify, type GetPublicKeyOrSecret, type SigningKeyCallback, type VerifyCallback, type VerifyErrors } from './verify.js';
