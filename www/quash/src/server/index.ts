/**
 * `sign`, `verify` and `decode` with what jsonwebtoken 9 has of options and errors (docs/jsonwebtoken.md), on `node:crypto`: for
 * Node.js 20, Deno and Bun.
 *
 * Out of scope: whether a token was revoked, so all of this is stateless; and fetching keys, which is the key callback's affair.
 */
export type { Algorithm } from './algorithms.js';
export { decode, type DecodeOptions } from './decode.js';
export { JsonWebTokenError, NotBeforeError, TokenExpiredError } from './errors.js';
export type { Jwk, PrivateKey, PublicKey, Secret } from './key.js';
export type { SignOptions } from './sign-options.js';
export { sign, type SignCallback } from './sign.js';
export type { Jwt, JwtHeader, JwtPayload } from './token.js';
export type { VerifyOptions } from './verify-options.js';
export { verify, type GetPublicKeyOrSecret, type SigningKeyCallback, type VerifyCallback, type VerifyErrors } from './verify.js';
