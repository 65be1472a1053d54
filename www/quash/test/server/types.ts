// Compiled by `npm run check`, never run: a directive that finds no error below it is one.
import { createPublicKey, type KeyObject } from 'node:crypto';

import type * as theirs from 'jsonwebtoken';

import * as jwt from '../../src/server/index.js';
import type { Jwk, JwtPayload, Secret, SignOptions, VerifyOptions } from '../../src/server/index.js';

declare const key: KeyObject;

// As programs are that were written against @types/jsonwebtoken.
const signOptions: SignOptions = { algorithm: 'RS256', header: { alg: 'RS256', kid: 'a' } };
signOptions.expiresIn = '2 days';
signOptions.notBefore = 60;
const signed: string = jwt.sign({ sub: 'user' }, 'secret', signOptions);
jwt.sign('text', Buffer.from('secret'));
jwt.sign(Buffer.from('bytes'), { key: 'PEM', passphrase: 'open' }, { algorithm: 'ES256', audience: ['a', 'b'] });
jwt.sign({}, { key: 'PEM', format: 'pem' }, (error: Error | null, token?: string) => console.log(error?.message, token?.length));
jwt.sign({}, key, {}, (error, token) => console.log(error satisfies Error | null, token satisfies string | undefined));

const payload: string | JwtPayload = jwt.verify(signed, 'secret');
const { header, signature }: jwt.Jwt = jwt.verify(signed, key, { complete: true });
console.log(header.kid?.length, signature.length, typeof payload === 'string' ? payload : payload.sub?.length);
const user = jwt.verify(signed, createPublicKey('PEM')) as { user: string };
const verifyOptions: VerifyOptions = { algorithms: ['RS256'], audience: [/a/, 'b'], issuer: ['a'], maxAge: '1h' };
verifyOptions.clockTolerance = 5;
const any: string | JwtPayload | jwt.Jwt = jwt.verify(signed, 'secret', verifyOptions);
jwt.verify(signed, 'secret', (error, decoded) => {
  if (error instanceof jwt.TokenExpiredError) console.log(error.expiredAt.getTime());
  if (error instanceof jwt.NotBeforeError) console.log(error.date.getTime());
  console.log(error?.name, typeof decoded === 'object' && decoded.exp?.toFixed());
});
const find: jwt.GetPublicKeyOrSecret = (header, callback) => {
  if (header.kid) callback(null, 'PEM');
  else callback(new Error('no key'));
};
jwt.verify(signed, find, { complete: true }, (error, decoded) => console.log(error?.message, decoded?.header.alg));
jwt.verify(signed, find, verifyOptions, (error, decoded) => console.log(error, decoded));

const decoded: null | JwtPayload | string = jwt.decode(signed);
const whole: null | jwt.Jwt = jwt.decode(signed, { complete: true });
console.log(user.user, any, decoded, whole?.payload, jwt.decode(signed, { json: true })?.sub);
console.log(new jwt.JsonWebTokenError('a', new Error('b')).inner, new jwt.TokenExpiredError('a', new Date(0)).expiredAt);

// What has their types is taken, and the other way round.
const theirOptions: theirs.VerifyOptions = { algorithms: ['ES256'], audience: 'a' };
const { algorithms, ...rest } = theirOptions;
jwt.verify(signed, 'secret', rest);
const theirPayload: theirs.JwtPayload = jwt.decode(signed, { json: true })!;
const theirError: Omit<theirs.JsonWebTokenError, 'inner'> = new jwt.JsonWebTokenError('a');
console.log(theirPayload, theirError, algorithms);

// More than there.
const jwk: Jwk = { kty: 'OKP', crv: 'Ed25519', x: 'a' };
jwt.verify(signed, jwk, { algorithms: ['EdDSA'] });
jwt.verify(signed, { kty: 'oct', k: 'a' });
const secret: Secret = new Uint8Array(32);
jwt.sign({}, secret, { algorithm: 'EdDSA' });

// @ts-expect-error an unsigned token is never good
jwt.sign({}, 'secret', { algorithm: 'none' });
// @ts-expect-error nor without a key
jwt.sign({}, null);
// @ts-expect-error nor is it taken
jwt.verify(signed, 'secret', { algorithms: ['none'] });
// @ts-expect-error a time span that ms does not know
jwt.sign({}, 'secret', { expiresIn: 'tomorrow' });
// @ts-expect-error a misspelt option
jwt.sign({}, 'secret', { expires: 1 });
// @ts-expect-error a misspelt option
jwt.verify(signed, 'secret', { algorithm: ['HS256'] });
// @ts-expect-error seconds are a number
jwt.verify(signed, 'secret', { clockTolerance: '5' });
// @ts-expect-error a payload may be a string
jwt.verify(signed, 'secret').iss;
// @ts-expect-error there may be no token
jwt.decode(signed, { complete: true }).header;
